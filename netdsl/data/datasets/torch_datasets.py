"""Data sets of torch: small ones are read once, others sample by sample as they are needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.free_memory import room
from netdsl.data.inputs import InputTensors, Samples, shapes_of, stack_samples, tensors_of
from netdsl.data.samples import Part, Splits, Tensors

SMALL = 64 << 20
"""A data set of at most so many bytes is read at once."""

CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Mapped:
    """A `torch.utils.data.Dataset` with a length: worker processes read one sample after the other."""

    samples: Any

    @property
    def folder(self) -> str:
        """Raises `DataError`: without a folder, a cache on the disk could not be told from another's."""
        raise DataError("a data set of a plugin cannot be kept on the disk", "write `cache=ram` or `cache=none`")

    def __len__(self) -> int:
        return len(self.samples)

    def read(self, index: int) -> tuple[Samples, Tensor]:
        """One sample and its target."""
        x, y = self.samples[index]
        return as_samples(x), torch.as_tensor(y)

    def name(self, index: int) -> str:
        """`sample 3`."""
        return text("sample {index}", index=index)

    def label(self, index: int) -> int | None:  # only reading a sample tells its class
        """Its class is known only when it is read."""
        return None

    def identity(self, index: int) -> str:
        """Its name: nothing tells whether it has changed, and so `folder` allows no cache on the disk."""
        return self.name(index)


def splits(found: Any) -> Splits:
    """The parts that a plugin's function returns: one or two, each a pair of tensors `(x, y)` or torch's `Dataset`."""
    if isinstance(found, Splits):
        return found
    if isinstance(found, Sequence) and len(found) == 2 and not isinstance(found[0], (Tensor, Mapping)):
        parts = [_part(one) for one in found]
    else:
        parts = [_part(found)]
    if all(isinstance(part, Tensors) or _is_small(part) for part in parts):
        parts = [part if isinstance(part, Tensors) else _gathered(_read(part)) for part in parts]
    streams = [part for part in parts if isinstance(part, Mapped)]
    real = any(one.dtype is not torch.uint8 for part in streams for one in tensors_of(first(part)[0]))
    return Splits(parts[0], next(iter(parts[1:]), None), unit=1.0 if real else None)


def first(part: Part) -> tuple[Samples, Tensor]:
    """A part's first sample and its target."""
    if isinstance(part, Tensors):
        return part.x[0], part.y[0]
    x, y = part.read(0)
    return x, torch.as_tensor(y)


def targets(part: Part) -> Iterator[Tensor]:
    """The targets of a part, a few at a time."""
    if isinstance(part, Tensors):
        yield part.y
        return
    for index in range(len(part)):
        yield torch.as_tensor(part.read(index)[1]).unsqueeze(0)


def tensor(x: Any) -> Tensor:
    """A sample as a tensor; a picture in bytes, its channels first."""
    if hasattr(x, "getbands"):
        from torchvision.transforms.functional import pil_to_tensor

        picture: Tensor = pil_to_tensor(x)
        return picture
    return torch.as_tensor(x)


def as_samples(x: Any) -> Samples:
    """A sample, or samples, as a tensor; of several inputs, given by name, as a tensor for each."""
    if isinstance(x, Mapping):
        return InputTensors({name: tensor(one) for name, one in x.items()})
    return tensor(x)


def _part(found: Any) -> Part:
    if isinstance(found, tuple) and len(found) == 2:
        x, y = found
        return Tensors(as_samples(x), torch.as_tensor(y))
    if isinstance(found, IterableDataset):
        return _gathered((as_samples(x), torch.as_tensor(y)) for x, y in found)
    if not len(found):
        raise DataError("the data set is empty")
    return Mapped(found)


def _is_small(part: Part) -> bool:
    assert isinstance(part, Mapped)
    return len(part) * part.read(0)[0].nbytes <= SMALL


def _read(part: Part) -> Iterator[tuple[Samples, Tensor]]:
    assert isinstance(part, Mapped)
    return (part.read(index) for index in range(len(part)))


def _gathered(rows: Iterator[tuple[Samples, Tensor]]) -> Tensors:
    """All rows in memory. Raises `DataError` if a stream is too long for that."""
    kept, size, most = [], 0, room(CPU)
    for row in rows:
        kept.append(row)
        size += row[0].nbytes
        if size > most:
            advice = "give it `__len__` and `__getitem__`: such a data set is read as it is needed"
            raise DataError(
                text("a stream of samples does not fit in memory: {size} MiB so far", size=size >> 20), advice
            )
    if not kept:
        raise DataError("the data set is empty")
    if len({shapes_of(row[0]) for row in kept}) > 1:
        raise DataError("the samples have different sizes", "make them of one size where the data set makes them")
    return Tensors(stack_samples([x for x, _ in kept]), torch.stack([y for _, y in kept]))
