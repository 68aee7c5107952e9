"""Random data of any shape, the same every time."""

from __future__ import annotations

from pathlib import Path

import torch

from netdsl.components.positions import positions_of_sample
from netdsl.data.random_stream import FAKE, generator
from netdsl.data.samples import Splits, Tensors


def load(root: Path, shape: int | tuple[int, ...], classes: int = 10, size: int = 1_000, per: str = "sample") -> Splits:
    """`size` samples of random bytes with random classes or masks to train on, and a tenth as many to test on."""
    sample = (shape,) if isinstance(shape, int) else tuple(shape)
    target = tuple(positions_of_sample(sample)) if per == "position" else ()
    return Splits(_part(sample, target, classes, size, 0), _part(sample, target, classes, max(1, size // 10), 1))


def _part(sample: tuple[int, ...], target: tuple[int, ...], classes: int, size: int, number: int) -> Tensors:
    stream = generator(FAKE, number)
    x = torch.randint(256, (size, *sample), dtype=torch.uint8, generator=stream)
    return Tensors(x, torch.randint(classes, (size, *target), generator=stream))
