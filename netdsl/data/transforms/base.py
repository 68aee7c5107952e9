"""The base of transforms: numbers are drawn for each sample, then the whole batch is transformed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import ClassVar, cast

import torch
from torch import Tensor

from netdsl.data.inputs import InputTensors, Samples
from netdsl.data.random_stream import Moment

Draws = tuple[Tensor, ...]

NO_CLASS = -100
"""The target that torch's losses ignore by default: no class has this number."""


class BatchTransform(ABC):
    """A step on a batch N×C×H×W (or N×…) on its device.

    Attributes:
        moves: it changes where things are, so a mask must move with its image.
        preserves_values: it only moves values, so it may act on bytes: faster than on real numbers, with the same
            result.
        interpolates: it also takes means of neighbours. Bytes must span 0…255 for that, or rounding would show.
        fits: its output has the same size for every size of the input.
        random: it draws random numbers, and acts only in training.
        unit: the value that stands for 1 in its input; set when the chain is made.
        input: which of several inputs it acts on.
    """

    moves: ClassVar[bool] = False
    preserves_values: ClassVar[bool] = False
    interpolates: ClassVar[bool] = False
    fits: bool = False
    random: ClassVar[bool] = False
    unit: float = 1.0
    input: str = ""

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """The random numbers, one row for each sample, on the CPU. `shape` is the shape of one sample."""
        return ()

    @abstractmethod
    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The transformed batch."""

    def draw_for(self, moment: Moment, x: Samples) -> Draws:
        """The random numbers for a batch of which this process may have a share."""
        assert isinstance(x, Tensor)
        return self.draw(moment, x.shape[1:])

    def apply(self, x: Samples, *drawn: Tensor) -> Samples:
        """The transformed batch, of whatever inputs."""
        assert isinstance(x, Tensor)
        return self.act(x, *drawn)

    def act_on_targets(self, y: Tensor, *drawn: Tensor) -> Tensor:
        """The targets; a transform that changes them overrides this."""
        return y

    def act_on_masks(self, masks: Tensor, *drawn: Tensor) -> Tensor:
        """Masks N×H×W, or shares of classes N×C×H×W, moved as their images are. New pixels have no class."""
        if not self.moves:
            return masks
        step = copy(self)
        # Masks must not be interpolated: the mean of two classes is a third one. `fill` is a colour.
        for name, value in {"interpolation": "nearest", "fill": 0.0}.items():
            if hasattr(step, name):
                setattr(step, name, value)
        if masks.dim() == 4:
            return step.act(masks, *drawn)
        # Shifted so that "no class" is 0, the value with which all transforms fill.
        return step.act((masks.unsqueeze(1) - NO_CLASS).float(), *drawn).squeeze(1).to(masks.dtype) + NO_CLASS

    def in_testing(self) -> BatchTransform | None:
        """The transform that replaces this one in testing: itself, or None if it is random."""
        return None if self.random else self

    @property
    def identity(self) -> str:
        """Its name and settings: two transforms of the same identity do the same."""
        return f"{type(self).__name__}{sorted(vars(self).items())}"

    def in_range(self, x: Tensor, value: float) -> float:
        """A value of 0…1 in the range of the batch's values: 0…255 for bytes."""
        return value * self.unit if x.is_floating_point() else round(value * self.unit)

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Draws for a batch and transforms it, as the transform of a plugin does."""
        drawn = self.draw(Moment(torch.arange(len(x)), source=generator), x.shape[1:])
        return self.act(x, *(row.to(x.device) for row in drawn))


def are_masks(y: Tensor, x: Samples) -> bool:
    """Whether targets have the size of the images: masks N×H×W of images N×C×H×W, or mixed shares N×C×H×W."""
    if not isinstance(x, Tensor):  # of several inputs, targets are no image's own
        return False
    return x.dim() == 4 and y.dim() > 2 and y.shape[-2:] == x.shape[-2:]


class OnInput(BatchTransform):
    """A step on one of several inputs; the others pass."""

    def __init__(self, step: BatchTransform, name: str, number: int, *, leads: bool) -> None:
        self.step, self.input, self.number, self.leads = step, name, number, leads
        # Declared for classes: here each instance has those of its step.
        for attribute in ("moves", "preserves_values", "interpolates", "fits", "random", "unit"):
            setattr(self, attribute, getattr(step, attribute))

    def draw_for(self, moment: Moment, x: Samples) -> Draws:
        """The random numbers for its input."""
        assert isinstance(x, InputTensors)
        return self.step.draw_for(moment.branch(self.number), x.part(self.input))

    def apply(self, x: Samples, *drawn: Tensor) -> Samples:
        """The batch with its input transformed."""
        assert isinstance(x, InputTensors)
        return x.replace(self.input, self.act(x.part(self.input), *drawn))

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The transformed input."""
        return self.step.act(x, *drawn)

    def act_on_targets(self, y: Tensor, *drawn: Tensor) -> Tensor:
        """The targets of a mixed batch, which are changed once."""
        return self.step.act_on_targets(y, *drawn) if self.leads else y

    @property
    def identity(self) -> str:
        """That of its step, and the input."""
        return f"{self.input} {self.step.identity}"


def is_channels_last(x: Tensor) -> bool:
    """Whether a batch of images has the memory format channels-last."""
    return x.dim() == 4 and x.shape[1] > 1 and x.is_contiguous(memory_format=torch.channels_last)


def planes(x: Tensor) -> tuple[Tensor, int]:
    """A batch of images as N×P×H×W×U in the order of memory: P·U channels, of which U are next to each other.

    Copies of rows then work alike on both memory formats.
    """
    if is_channels_last(x):
        return x.permute(0, 2, 3, 1).unsqueeze(1), x.shape[1]
    return x.contiguous().unsqueeze(-1), 1


def images(x: Tensor) -> Tensor:
    """The inverse of `planes`: N×C×H×W."""
    return x.squeeze(1).permute(0, 3, 1, 2) if x.shape[-1] > 1 else x.squeeze(-1)


def pair(size: int | tuple[int, ...]) -> tuple[int, int]:
    """A size for rows and columns: 3 -> (3, 3)."""
    return (size, size) if isinstance(size, int) else cast("tuple[int, int]", tuple(size))
