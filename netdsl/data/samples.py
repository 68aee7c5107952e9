"""What a data set's loader hands over: its parts, either as tensors or as items that are read one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor, uint8

from netdsl.components.experiment import TargetScale


@dataclass(frozen=True, eq=False)
class Tensors:
    """Samples in memory: `x` of N×… (bytes, real numbers, or whole numbers for an embedding) and `y` of N×…."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def pick(self, indices: Tensor) -> Tensors:
        """Some of the samples, in the order of the indices."""
        return Tensors(self.x[indices], self.y[indices])


class Items(Protocol):
    """Samples that are read one by one, by worker processes: so it must be picklable."""

    @property
    def folder(self) -> str:
        """Where they lie; what is decoded is kept beside it."""

    def __len__(self) -> int:
        """How many there are."""

    def read(self, index: int) -> tuple[Tensor, int | Tensor]:
        """One sample and its target; any exception where it is broken."""

    def name(self, index: int) -> str:
        """What messages call it: its path."""

    def label(self, index: int) -> int | None:
        """Its class, where that is known without reading it."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Some of the items, in the order of the indices."""

    items: Items
    indices: Tensor

    @property
    def folder(self) -> str:
        """Where they lie."""
        return self.items.folder

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, index: int) -> tuple[Tensor, int | Tensor]:
        """One sample and its target."""
        return self.items.read(int(self.indices[index]))

    def name(self, index: int) -> str:
        """Its path."""
        return self.items.name(int(self.indices[index]))

    def label(self, index: int) -> int | None:
        """Its class."""
        return self.items.label(int(self.indices[index]))


Part = Tensors | Items


class Feature(NamedTuple):
    """A column of a table: numbers, or one of a few words (`categories`), which is fed as zeros and a one.

    Args:
        name: what the header calls it.
        categories: the words; none for numbers.
        unseen: those of the words that no training sample had, which are fed as zeros.
        fill: the number that stands for a missing one; None where none may be missing.
        flag: whether one number more, 0 or 1, tells that the value is missing.
        is_index: whether it is fed as the number of its word, from 1, and 0 for any other.
    """

    name: str
    categories: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    fill: float | None = None
    flag: bool = False
    is_index: bool = False

    @property
    def width(self) -> int:
        """How many numbers of a sample are its own; the flag is the last of them."""
        return 1 if self.is_index else (len(self.categories) or 1) + self.flag

    @property
    def is_binary(self) -> tuple[bool, ...]:
        """Of each of these numbers, whether it is 0 or 1: a word's, or the flag."""
        values = (True,) * len(self.categories) or (False,)
        return (*values, *((True,) if self.flag else ()))


class Learnt(NamedTuple):
    """What is learnt of the training part before the net is trained, and is applied to whatever it is given later.

    Args:
        columns: those of a table.
        scale: that of the targets.
        targets: what the columns of the targets are called.
        mean, std: of each channel, for `normalize`.
    """

    columns: tuple[Feature, ...] = ()
    scale: TargetScale | None = None
    targets: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


Encode = Callable[[tuple[Tensors, Tensors], Learnt | None], tuple[tuple[Tensors, Tensors], Learnt]]
"""Makes of the training and the test part what the net is fed, with what an earlier run has learnt, or else with what
it learns of the first; and returns that too.
"""


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set: what to train on and what to test on (None: to be split off).

    `unit` is the value that stands for 1 when the net is fed: 255 for bytes, left out. `encode` is for tensors that are
    not fed as they are, such as those of a table.
    """

    train: Part
    test: Part | None = None
    names: Sequence[str] = ()
    unit: float | None = None
    encode: Encode | None = None


def unit_of(part: Part, unit: float | None) -> float:
    """The value that stands for 1."""
    if unit is not None:
        return unit
    return 1.0 if isinstance(part, Tensors) and part.x.dtype != uint8 else 255.0


def pick(part: Part, indices: Tensor) -> Part:
    """Some of the samples of a part."""
    return part.pick(indices) if isinstance(part, Tensors) else Chosen(part, indices)
