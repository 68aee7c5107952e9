"""What a net is fed: one tensor, or several that go the same way side by side.

Data of several inputs take the way of all data. What is done to every sample of a batch (picking rows, moving it to a
device) is here done to each of its tensors; nothing else on that way asks how many there are. The net itself is called
with the tensors one after the other: `netdsl.training.ends` sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from netdsl.core.errors import DataError
from netdsl.core.sizes import format_shape
from netdsl.core.text import join_and, text


class InputTensors:
    """The inputs of a batch N×…, or of one sample: a tensor for each by its name, in the order of the net's inputs.

    Args:
        named: the tensors; those of a batch have as many rows each.
    """

    __slots__ = ("names", "parts")

    def __init__(self, named: Mapping[str, Tensor]) -> None:
        self.names = tuple(named)
        self.parts = tuple(named.values())

    def __repr__(self) -> str:
        shapes = (f"{name}={format_shape(tuple(part.shape))}" for name, part in self.items())
        return f"InputTensors({', '.join(shapes)})"

    def __len__(self) -> int:
        return len(self.parts[0])

    def items(self) -> Iterable[tuple[str, Tensor]]:
        """Names and tensors."""
        return zip(self.names, self.parts, strict=True)

    def __getitem__(self, rows: Any) -> InputTensors:
        """Some of the samples, or one."""
        return self.each(lambda part: part[rows])

    def each(self, function: Callable[[Tensor], Tensor]) -> InputTensors:
        """What a function makes of each tensor."""
        return InputTensors({name: function(part) for name, part in self.items()})

    def replace(self, name: str, part: Tensor) -> InputTensors:
        """The same with another tensor under a name."""
        return InputTensors({**dict(self.items()), name: part})

    def part(self, name: str) -> Tensor:
        """The tensor with this name."""
        return self.parts[self.names.index(name)]

    def select(self, names: Sequence[str]) -> Samples:
        """Those that a net takes, in its order; the only one by itself.

        Raises:
            DataError: one of them is missing.
        """
        if missing := [name for name in names if name not in self.names]:
            raise DataError(
                text(
                    "the data set gives no {missing}; it gives {given}",
                    missing=join_and(f"`{name}`" for name in missing),
                    given=join_and(f"`{name}`" for name in self.names),
                )
            )
        return self.part(names[0]) if len(names) == 1 else InputTensors({name: self.part(name) for name in names})

    @property
    def device(self) -> torch.device:
        """Where they are; together, always."""
        return self.parts[0].device

    @property
    def nbytes(self) -> int:
        """The memory that they take."""
        return sum(part.nbytes for part in self.parts)

    def to(self, device: torch.device, *, non_blocking: bool = False) -> InputTensors:
        """The same on a device."""
        return self.each(lambda part: part.to(device, non_blocking=non_blocking))

    def cpu(self) -> InputTensors:
        """The same where numbers can be read."""
        return self.each(Tensor.cpu)

    def index_select(self, dim: int, index: Tensor) -> InputTensors:
        """The samples with these numbers."""
        return self.each(lambda part: part.index_select(dim, index))

    def chunk(self, count: int) -> list[InputTensors]:
        """The samples in so many parts, as torch cuts a tensor."""
        parts = zip(*(part.chunk(count) for part in self.parts), strict=True)
        return [InputTensors(dict(zip(self.names, part, strict=True))) for part in parts]

    def unsqueeze(self, dim: int) -> InputTensors:
        """One sample as a batch."""
        return self.each(lambda part: part.unsqueeze(dim))

    def squeeze(self, dim: int) -> InputTensors:
        """The only sample of a batch."""
        return self.each(lambda part: part.squeeze(dim))

    def pin_memory(self) -> InputTensors:
        """The same in memory that a GPU reads by itself; torch's loader asks for it."""
        return self.each(Tensor.pin_memory)

    def record_stream(self, stream: Any) -> None:
        """Keeps the memory for a CUDA stream."""
        for part in self.parts:
            part.record_stream(stream)


Samples = Tensor | InputTensors
"""The samples of a batch, or one sample."""


def tensors_of(x: Samples) -> tuple[Tensor, ...]:
    """The tensors that a net is called with."""
    return (x,) if isinstance(x, Tensor) else x.parts


def stack_samples(samples: Sequence[Samples]) -> Samples:
    """A batch of samples that are alike."""
    return _by_part(torch.stack, samples)


def join_batches(batches: Sequence[Samples]) -> Samples:
    """The samples of several batches, one after the other."""
    return _by_part(torch.cat, batches)


def shapes_of(x: Samples) -> tuple[tuple[int, ...], ...]:
    """The shapes of the tensors."""
    return tuple(tuple(part.shape) for part in tensors_of(x))


def _by_part(join: Callable[[list[Tensor]], Tensor], several: Sequence[Samples]) -> Samples:
    first = several[0]
    if isinstance(first, Tensor):
        return join(cast("list[Tensor]", list(several)))
    columns = zip(*map(tensors_of, several), strict=True)
    return InputTensors({name: join(list(column)) for name, column in zip(first.names, columns, strict=True)})
