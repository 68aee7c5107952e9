"""Random policies over fourteen operations, with torchvision's operations and strengths. Shears are about the centre.

Every image has its own operation. Each operation acts on all its images at once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from copy import copy
from math import radians

import torch
from torch import Tensor
from torch.nn import functional

from netdsl.data.random_stream import Moment
from netdsl.data.transforms.affine import affine_maps, warp
from netdsl.data.transforms.base import BatchTransform, Draws
from netdsl.data.transforms.color import blend, brightness, contrast, saturation

IDENTITY, SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y, ROTATE = range(6)
BRIGHTNESS, COLOR, CONTRAST, SHARPNESS, POSTERIZE, SOLARIZE, AUTOCONTRAST, EQUALIZE = range(6, 14)
OPERATIONS = 14


def sharpness(x: Tensor, factor: Tensor) -> Tensor:
    """Blends the smoothed image (except its outermost pixels) and the image."""
    if min(x.shape[-2:]) <= 2:
        return x
    kernel = torch.ones(3, 3, device=x.device, dtype=x.dtype)
    kernel[1, 1] = 5.0
    weights = (kernel / kernel.sum()).expand(x.shape[1], 1, 3, 3)
    smooth = x.clone()
    smooth[..., 1:-1, 1:-1] = functional.conv2d(x, weights, groups=x.shape[1])
    return blend(x, smooth, factor)


def posterize(x: Tensor, bits: Tensor) -> Tensor:
    """Keeps the first `bits` of each byte."""
    step = 2 ** (8 - bits.to(x.dtype)).view(-1, 1, 1, 1)
    return ((x * 255).round() / step).floor() * step / 255


def solarize(x: Tensor, threshold: Tensor) -> Tensor:
    """Inverts pixels that are at least as bright as the threshold."""
    return torch.where(x >= threshold.to(x.dtype).view(-1, 1, 1, 1), 1 - x, x)


def autocontrast(x: Tensor, _: Tensor) -> Tensor:
    """Stretches each channel to 0…1, unless it is constant."""
    low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    flat = low == high
    return torch.where(flat, x, (x - low) / torch.where(flat, 1.0, high - low)).clamp(0, 1)


def equalize(x: Tensor, _: Tensor) -> Tensor:
    """Equalises the histogram of each channel's bytes."""
    levels = (x * 255).round().clamp(0, 255).long().flatten(2)
    counts = torch.zeros(*levels.shape[:2], 256, dtype=torch.long, device=x.device)
    counts.scatter_add_(2, levels, torch.ones_like(levels))
    below = counts.cumsum(2)
    last = (counts * (torch.arange(256, device=x.device) == levels.amax(2, keepdim=True))).sum(2, keepdim=True)
    step = (levels.shape[2] - last) // 255
    table = ((below - counts + step // 2) // step.clamp(min=1)).clamp(0, 255)
    spread = torch.where(step == 0, levels, table.gather(2, levels))
    return spread.view(x.shape).to(x.dtype) / 255


_BY_VALUE: dict[int, Callable[[Tensor, Tensor], Tensor]] = {
    BRIGHTNESS: brightness,
    COLOR: saturation,
    CONTRAST: contrast,
    SHARPNESS: sharpness,
    POSTERIZE: posterize,
    SOLARIZE: solarize,
    AUTOCONTRAST: autocontrast,
    EQUALIZE: equalize,
}


def apply(x: Tensor, operation: Tensor, strength: Tensor, fill: float) -> Tensor:
    """Applies to each image its operation. The strength is in the operation's unit (blends use 1 + strength)."""
    x = move(x, operation, strength, fill)
    for number, change in _BY_VALUE.items():
        chosen = (operation == number).nonzero()[:, 0]
        if len(chosen):
            x[chosen] = change(x[chosen], strength[chosen] + (number <= SHARPNESS))
    return x


def move(x: Tensor, operation: Tensor, strength: Tensor, fill: float) -> Tensor:
    """A copy in which the operations that move pixels are done."""
    x = x.clone()
    moved = ((operation >= SHEAR_X) & (operation <= ROTATE)).nonzero()[:, 0]
    if len(moved):
        x[moved] = warp(x[moved], _maps(operation[moved], strength[moved]), "nearest", fill)
    return x


def _maps(operation: Tensor, strength: Tensor) -> Tensor:
    def only(number: int) -> Tensor:
        return torch.where(operation == number, strength, 0.0)

    moves = only(TRANSLATE_X).trunc(), only(TRANSLATE_Y).trunc()
    return affine_maps(only(ROTATE), torch.ones_like(strength), only(SHEAR_X), only(SHEAR_Y), *moves)


class Policy(BatchTransform):
    """A random operation for each image, with strengths from a table: operations × bins."""

    moves = random = True
    change = staticmethod(apply)

    def __init__(self, bins: int, operations: int, magnitude: int | None, fill: float) -> None:
        self.bins, self.operations, self.magnitude, self.fill = bins, operations, magnitude, fill

    @abstractmethod
    def strengths(self, shape: torch.Size) -> Tensor:
        """The table for images of a shape."""

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """The operations of each image and their strengths; operations with two directions have a random sign."""
        drawn: list[Tensor] = []
        table = self.strengths(shape)
        for _ in range(self.operations):
            operation = moment.integers(OPERATIONS)
            level = moment.integers(self.bins) if self.magnitude is None else torch.tensor(self.magnitude)
            strength = table[operation, level]
            negative = moment.chance(0.5) & (operation <= SHARPNESS)
            drawn += (operation, torch.where(negative, -strength, strength))
        return tuple(drawn)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The batch after its operations."""
        for operation, strength in zip(drawn[::2], drawn[1::2], strict=True):
            x = self.change(x, operation, strength, self.fill)
        return x

    def act_on_masks(self, masks: Tensor, *drawn: Tensor) -> Tensor:
        """The masks after the operations that move pixels."""
        step = copy(self)
        step.change = move  # operations on colours leave masks as they are
        return BatchTransform.act_on_masks(step, masks, *drawn)


def _table(bins: int, shear: float, move_x: float, move_y: float, turn: float, blends: float, lost_bits: int) -> Tensor:
    rise = torch.linspace(0, 1, bins)
    bits = (8 - rise * lost_bits).round()
    rows = [0, shear, shear, move_x, move_y, radians(turn), blends, blends, blends, blends]
    return torch.stack([*(rise * most for most in rows), bits, 1 - rise, 0 * rise, 0 * rise])


class RandAugment(Policy):
    """Applies several operations of the same strength."""

    def __init__(self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31, fill: float = 0.0) -> None:
        super().__init__(num_magnitude_bins, num_ops, magnitude, fill)

    def strengths(self, shape: torch.Size) -> Tensor:
        """The strengths: moves by at most 150/331 of the image, turns by at most 30 degrees."""
        height, width = shape[-2:]
        return _table(self.bins, 0.3, 150 / 331 * width, 150 / 331 * height, 30, 0.9, 4)


class TrivialAugment(Policy):
    """Applies one operation of a random strength from a wide range."""

    def __init__(self, num_magnitude_bins: int = 31, fill: float = 0.0) -> None:
        super().__init__(num_magnitude_bins, 1, None, fill)

    def strengths(self, shape: torch.Size) -> Tensor:
        """The strengths: moves by at most 32 pixels, turns by at most 135 degrees."""
        return _table(self.bins, 0.99, 32, 32, 135, 0.99, 6)
