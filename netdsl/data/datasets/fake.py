"""Random data of any shape, the same every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from netdsl.components.positions import positions_of_sample
from netdsl.data.inputs import InputTensors
from netdsl.data.random_stream import FAKE, generator
from netdsl.data.samples import Splits, Tensors


def load(
    root: Path,
    shape: int | tuple[int, ...] | None = None,
    classes: int = 10,
    size: int = 1_000,
    per: str = "sample",
    ids: str | tuple[str, ...] = (),
    entries: int = 100,
    inputs: Sequence[tuple[str, tuple[int, ...]]] = (),
) -> Splits:
    """`size` samples of random bytes with random classes or masks to train on, and a tenth as many to test on."""
    if inputs:
        chosen = (ids,) if isinstance(ids, str) else ids
        shapes = {name: (given, entries if name in chosen else 0) for name, given in inputs}
        train, test = (
            _part_of_inputs(shapes, classes, one, number) for number, one in enumerate((size, max(1, size // 10)))
        )
        return Splits(train, test)
    assert shape is not None  # the checker has asked for it
    sample = (shape,) if isinstance(shape, int) else tuple(shape)
    target = tuple(positions_of_sample(sample)) if per == "position" else ()
    return Splits(_part(sample, target, classes, size, 0), _part(sample, target, classes, max(1, size // 10), 1))


def _part(sample: tuple[int, ...], target: tuple[int, ...], classes: int, size: int, number: int) -> Tensors:
    stream = generator(FAKE, number)
    x = torch.randint(256, (size, *sample), dtype=torch.uint8, generator=stream)
    return Tensors(x, torch.randint(classes, (size, *target), generator=stream))


def _part_of_inputs(shapes: Mapping[str, tuple[tuple[int, ...], int]], classes: int, size: int, number: int) -> Tensors:
    """Bytes for images, real numbers from 0 to 1 for others, and ids below a number where there is one."""
    stream = generator(FAKE, number)
    x = {}
    for name, (shape, entries) in shapes.items():
        if entries:
            x[name] = torch.randint(entries, (size, *shape), generator=stream)
        elif len(shape) == 3:
            x[name] = torch.randint(256, (size, *shape), dtype=torch.uint8, generator=stream)
        else:
            x[name] = torch.rand(size, *shape, generator=stream)
    return Tensors(InputTensors(x), torch.randint(classes, (size,), generator=stream))
