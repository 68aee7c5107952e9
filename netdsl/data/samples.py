"""What a data set's loader returns: its parts, either as tensors or as items that are read one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from torch import Tensor, uint8

from netdsl.builtins.files.vocabulary import Vocabulary
from netdsl.components.experiment import TargetScale
from netdsl.data.inputs import InputTensors, Samples, tensors_of


@dataclass(frozen=True, eq=False)
class Tensors:
    """Samples in memory: `x` of N×… (bytes, real numbers, or whole numbers for an embedding) and `y` of N×….

    Of several inputs, `x` has a tensor for each.
    """

    x: Samples
    y: Tensor

    def __len__(self) -> int:
        return len(self.x)

    @property
    def only(self) -> Tensor:
        """The samples of a net that has one input."""
        assert isinstance(self.x, Tensor)
        return self.x

    def pick(self, indices: Tensor) -> Tensors:
        """Some of the samples, in the order of the indices."""
        return Tensors(self.x[indices], self.y[indices])

    def select(self, names: Sequence[str]) -> Tensors:
        """The same with those inputs alone that a net takes."""
        return Tensors(self.x.select(names), self.y) if isinstance(self.x, InputTensors) else self


class Items(Protocol):
    """Samples that worker processes read one by one, so an implementation must be picklable."""

    @property
    def folder(self) -> str:
        """The folder of the items; decoded images are kept beside it."""

    def __len__(self) -> int:
        """How many there are."""

    def read(self, index: int) -> tuple[Samples, int | Tensor]:
        """One sample and its target. Raises an exception of any type if the item is broken."""

    def name(self, index: int) -> str:
        """The item's name in messages: its path."""

    def label(self, index: int) -> int | None:
        """The item's class, or None if it is known only after reading."""

    def identity(self, index: int) -> str:
        """What changes when the item does: the states of its files, and what else it consists of."""


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

    def read(self, index: int) -> tuple[Samples, int | Tensor]:
        """One sample and its target."""
        return self.items.read(int(self.indices[index]))

    def name(self, index: int) -> str:
        """Its path."""
        return self.items.name(int(self.indices[index]))

    def label(self, index: int) -> int | None:
        """Its class."""
        return self.items.label(int(self.indices[index]))

    def identity(self, index: int) -> str:
        """What changes when it does."""
        return self.items.identity(int(self.indices[index]))


Part = Tensors | Items


class Feature(NamedTuple):
    """A column of a table: numbers, or words (`categories`), which the net receives as zeros and a one.

    Args:
        name: its name in the header.
        categories: the words; none for numbers.
        unseen: the words that no training sample has; the net receives zeros for them.
        fill: the number that replaces a missing one; None if none may be missing.
        flag: whether one more number, 0 or 1, says that the value is missing.
        is_index: whether the net receives the number of the word instead, from 1, and 0 for an unknown word.
        input: the input that it belongs to, where the net has several.
    """

    name: str
    categories: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    fill: float | None = None
    flag: bool = False
    is_index: bool = False
    input: str = ""

    @property
    def width(self) -> int:
        """How many numbers the column has in a sample; the flag is the last of them."""
        return 1 if self.is_index else (len(self.categories) or 1) + self.flag

    @property
    def is_binary(self) -> tuple[bool, ...]:
        """Of each of these numbers, whether it is 0 or 1: a word's, or the flag."""
        values = (True,) * len(self.categories) or (False,)
        return (*values, *((True,) if self.flag else ()))


class LearntInput(NamedTuple):
    """What is learnt of one of several inputs: mean and deviation, and the tokens of a text."""

    name: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    vocabulary: Vocabulary | None = None


class Learnt(NamedTuple):
    """What is learnt from the training part before the net is trained. Every later sample is treated with it.

    Args:
        columns: the columns of a table.
        scale: the scale of the targets.
        targets: the names of the target columns.
        mean, std: of each channel, for `normalize`.
        vocabulary: the tokens of a text.
        inputs: what is learnt of each of several inputs.
    """

    columns: tuple[Feature, ...] = ()
    scale: TargetScale | None = None
    targets: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    vocabulary: Vocabulary | None = None
    inputs: tuple[LearntInput, ...] = ()


Encode = Callable[[tuple[Any, Any], Learnt | None], tuple[tuple[Part, Part], Learnt]]
"""A function that encodes the training and the test part for the net. It uses what an earlier run has learnt, or else
learns from the training part. It also returns what was learnt.
"""


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set: the training part and the test part (None: split off from the first).

    `unit` is the stored value that becomes 1 in the net's input: 255 for bytes by default. `encode` is for tensors that
    the net does not receive as they are, such as those of a table.

    Samples `in_order` follow each other, so that the last ones test. Where nets `carry` a state from sample to sample,
    a batch continues the samples of the batch before it.
    """

    train: Part
    test: Part | None = None
    names: Sequence[str] = ()
    unit: float | None = None
    encode: Encode | None = None
    in_order: bool = False
    carry: bool = False


def unit_of(part: Part, unit: float | None) -> float:
    """The stored value that becomes 1 in the net's input, or in the first of several."""
    if unit is not None:
        return unit
    return 1.0 if isinstance(part, Tensors) and tensors_of(part.x)[0].dtype != uint8 else 255.0


@dataclass(frozen=True, eq=False)
class Selected:
    """Items of which a net takes some of the inputs."""

    items: Items
    names: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where they lie."""
        return self.items.folder

    def __len__(self) -> int:
        return len(self.items)

    def read(self, index: int) -> tuple[Samples, int | Tensor]:
        """One sample and its target."""
        x, y = self.items.read(index)
        return (x.select(self.names) if isinstance(x, InputTensors) else x), y

    def name(self, index: int) -> str:
        """Its path."""
        return self.items.name(index)

    def label(self, index: int) -> int | None:
        """Its class."""
        return self.items.label(index)

    def identity(self, index: int) -> str:
        """What changes when it does, and which of its inputs are taken."""
        return f"{self.items.identity(index)}\0{self.names}"


@runtime_checkable
class Choosing(Protocol):
    """Items that give some of themselves by themselves."""

    def choose(self, indices: Tensor) -> Items:
        """Some of the items, in the order of the indices."""


def select(part: Part, names: tuple[str, ...]) -> Part:
    """The samples of a part with those inputs alone that a net takes; without names, as they are."""
    if not names:
        return part
    if isinstance(part, Tensors):
        return part.select(names)
    # Who is told the names gives no others.
    return part if isinstance(part, Choosing) else Selected(part, names)


def pick(part: Part, indices: Tensor) -> Part:
    """Some of the samples of a part."""
    if isinstance(part, Tensors):
        return part.pick(indices)
    return part.choose(indices) if isinstance(part, Choosing) else Chosen(part, indices)
