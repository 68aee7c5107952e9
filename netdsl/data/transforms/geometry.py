"""Transforms that move pixels: sizes, crops, flips, cutouts."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from netdsl.builtins.transforms import scale_shorter_side
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data.random_stream import Moment
from netdsl.data.transforms.base import BatchTransform, Draws, images, pair, planes

Size = int | tuple[int, ...]


class Resize(BatchTransform):
    """Scales images as `torch.nn.functional.interpolate` does with `antialias`.

    Without `fit`, one number is the length of the shorter side, and the proportions stay. Two are height and width.
    """

    moves = preserves_values = interpolates = True

    def __init__(
        self, size: Size, fit: str | None = None, interpolation: str = "bilinear", antialias: bool = True
    ) -> None:
        self.shorter = size if fit is None and isinstance(size, int) else None
        self.size, self.fit, self.interpolation, self.antialias = pair(size), fit, interpolation, antialias
        self.fits = self.shorter is None

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The resized batch, bytes as bytes."""
        if self.shorter is not None:
            return self._scaled(x, scale_shorter_side(x.shape[-2], x.shape[-1], self.shorter))
        if self.fit in (None, "stretch"):
            return self._scaled(x, self.size)
        return CenterCrop(self.size).act(self._scaled(x, self._in_proportion(*x.shape[-2:])))

    def _in_proportion(self, height: int, width: int) -> tuple[int, int]:
        """The size that equals the target on one axis, and is above it (`cover`) or below it on the other."""
        rows, columns = self.size
        by_height = rows, max(1, width * rows // height)
        by_width = max(1, height * columns // width), columns
        return by_height if (rows * width >= columns * height) == (self.fit == "cover") else by_width

    def _scaled(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        if x.shape[-2:] == size:
            return x
        if self.interpolation == "nearest":
            return functional.interpolate(x, size, mode="nearest-exact")
        real = functional.interpolate(
            x.float(), size, mode=self.interpolation, antialias=self.antialias, align_corners=False
        )
        return real.round().clamp(0, 255).to(torch.uint8) if x.dtype == torch.uint8 else real


class CenterCrop(BatchTransform):
    """Cuts out the centre of each image; a smaller image gets a black border."""

    moves = preserves_values = fits = True

    def __init__(self, size: Size) -> None:
        self.size = pair(size)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The centres. An odd pixel is cut off at the bottom and the right, as in torchvision."""
        for axis, wanted in zip((-2, -1), self.size, strict=True):
            spare = x.shape[axis] - wanted
            x = x.narrow(axis, round(spare / 2), wanted) if spare > 0 else _padded(x, axis, -spare)
        return x


def _padded(x: Tensor, axis: int, missing: int) -> Tensor:
    if not missing:
        return x
    before, after = missing // 2, missing - missing // 2
    return functional.pad(x, (before, after) if axis == -1 else (0, 0, before, after))


class RandomCrop(BatchTransform):
    """Cuts a piece out of each padded image, at a random place of its own."""

    moves = preserves_values = fits = random = True

    def __init__(self, size: Size, padding: Size = 0, padding_mode: str = "constant", fill: float = 0.0) -> None:
        self.size, self.padding, self.padding_mode, self.fill = pair(size), pair(padding), padding_mode, fill

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """The first row and the first column of each piece."""
        spare = [
            length + 2 * pad - wanted for length, pad, wanted in zip(shape[-2:], self.padding, self.size, strict=True)
        ]
        if min(spare) < 0:
            height, width = shape[-2:]
            raise ValueError(
                text(
                    "`randomcrop` cannot take {size} out of {given}",
                    size=format_shape(self.size),
                    given=format_shape((height, width)),
                )
            )
        return tuple(moment.integers(places + 1) for places in spare)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The pieces, copied row by row."""
        top, left = drawn
        return crop(self._padded(x), top, left, self.size)

    def _padded(self, x: Tensor) -> Tensor:
        vertical, horizontal = self.padding
        if not (vertical or horizontal):
            return x
        if self.padding_mode == "constant":
            return functional.pad(x, (horizontal, horizontal, vertical, vertical), value=self.in_range(x, self.fill))
        rows, columns = (
            _mirrored(x.shape[axis], pad, self.padding_mode) for axis, pad in ((-2, vertical), (-1, horizontal))
        )
        return x.index_select(-2, rows.to(x.device)).index_select(-1, columns.to(x.device))

    def in_testing(self) -> BatchTransform:
        """A crop of the centre."""
        return CenterCrop(self.size)


def _mirrored(length: int, pad: int, mode: str) -> Tensor:
    places = torch.arange(-pad, length + pad)
    if mode == "edge":
        return places.clamp(0, length - 1)
    places = places.abs()
    return torch.where(places < length, places, 2 * (length - 1) - places)


def crop(x: Tensor, top: Tensor, left: Tensor, size: tuple[int, int]) -> Tensor:
    """A piece of each image from its own place. One `index_select` picks rows out of all windows of a row's length.

    Several times faster than indexing pixels, because a row is one block of memory.
    """
    whole, unit = planes(x)
    count, groups, height, width, _ = whole.shape
    rows, columns = size
    windows = whole.as_strided((whole.numel() // unit - columns + 1, columns * unit), (unit, 1))
    planes_of = torch.arange(count * groups, device=x.device).view(count, groups) * height
    first = (planes_of + top[:, None])[..., None] + torch.arange(rows, device=x.device)
    starts = first * width + left[:, None, None]
    return images(windows.index_select(0, starts.flatten()).view(count, groups, rows, columns, unit))


class RandomResizedCrop(BatchTransform):
    """Scales a random part of each image to one size. Sizes and proportions are distributed as in torchvision."""

    moves = preserves_values = fits = interpolates = random = True
    TRIES = 10

    def __init__(
        self,
        size: Size,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
        interpolation: str = "bilinear",
    ) -> None:
        self.size, self.scale, self.ratio, self.interpolation = pair(size), scale, ratio, interpolation

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """Top, left, height and width of each part: the first of ten tries that lies inside, else the centre."""
        height, width = shape[-2:]
        area = moment.uniform(*self.scale, count=self.TRIES) * height * width
        ratio = moment.uniform(math.log(self.ratio[0]), math.log(self.ratio[1]), count=self.TRIES).exp()
        widths, heights = (area * ratio).sqrt().round(), (area / ratio).sqrt().round()
        inside = (widths > 0) & (widths <= width) & (heights > 0) & (heights <= height)
        first = inside.float().argmax(1, keepdim=True)
        middle_width, middle_height = self._middle(height, width)
        w = torch.where(inside.any(1), widths.gather(1, first)[:, 0], float(middle_width))
        h = torch.where(inside.any(1), heights.gather(1, first)[:, 0], float(middle_height))
        top, left = (moment.uniform() * (height - h + 1)).floor(), (moment.uniform() * (width - w + 1)).floor()
        centred = ~inside.any(1)
        top, left = torch.where(centred, (height - h) // 2, top), torch.where(centred, (width - w) // 2, left)
        return top, left, h, w

    def _middle(self, height: int, width: int) -> tuple[int, int]:
        low, high = self.ratio
        if width / height < low:
            return width, round(width / low)
        return (round(height * high), height) if width / height > high else (width, height)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The parts, each resampled on its own grid."""
        top, left, h, w = (value.float() for value in drawn)
        height, width = x.shape[-2:]
        rows = _grid(top, h, self.size[0], height)
        columns = _grid(left, w, self.size[1], width)
        grid = torch.stack(
            (columns[:, None, :].expand(-1, self.size[0], -1), rows[:, :, None].expand(-1, -1, self.size[1])), -1
        )
        real = functional.grid_sample(
            x.float(), grid, mode=self.interpolation, padding_mode="border", align_corners=False
        )
        return real.round().clamp(0, 255).to(torch.uint8) if x.dtype == torch.uint8 else real

    def in_testing(self) -> BatchTransform:
        """A resize that keeps the proportions, then a crop of the centre."""
        return Resize(self.size, fit="cover")


def _grid(start: Tensor, length: Tensor, points: int, size: int) -> Tensor:
    places = (torch.arange(points, device=start.device) + 0.5) / points
    return (start[:, None] + places * length[:, None]) / size * 2 - 1


class Flip(BatchTransform):
    """Mirrors random images along one axis."""

    moves = preserves_values = random = True
    axis = -1

    def __init__(self, p: float = 0.5) -> None:
        self.p = p

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """Which images."""
        return (moment.chance(self.p),)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """Takes each image from the batch or from the mirrored batch. Copying whole images beats choosing pixels."""
        (mirrored,) = drawn
        whole, _ = planes(x)
        both = torch.cat((whole, whole.flip(self.axis - 1)))  # `planes` adds one axis at the end
        places = torch.arange(len(x), device=x.device) + mirrored * len(x)
        return images(both.index_select(0, places))


class HorizontalFlip(Flip):
    """Exchanges left and right."""


class VerticalFlip(Flip):
    """Exchanges top and bottom."""

    axis = -2


class AlternatingFlip(Flip):
    """Mirrors each image in every second epoch."""

    def __init__(self) -> None:
        super().__init__()

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """Which images: a pseudorandom choice for each image of the data set, inverted from epoch to epoch."""
        scattered = (moment.indices + 1) * _GOLDEN
        scattered = (scattered ^ (scattered >> 30)) * _GOLDEN
        return (((scattered >> 40) + moment.epoch) % 2 == 1,)


_GOLDEN = -0x61C8864680B583EB
"""2⁶⁴ divided by the golden ratio, as a signed number: multiplying by it scatters neighbours (Fibonacci hashing)."""


class Cutout(BatchTransform):
    """Fills a rectangle around a random pixel of each image."""

    preserves_values = random = True

    def __init__(self, size: Size, p: float = 1.0, fill: float = 0.0) -> None:
        self.size, self.p, self.fill = pair(size), p, fill

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """Whether an image is changed, and the row and column of the rectangle's centre."""
        return moment.chance(self.p), moment.integers(shape[-2]), moment.integers(shape[-1])

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The batch with filled rectangles."""
        painted, row, column = drawn
        rows = _covered(x.shape[-2], row, self.size[0])
        columns = _covered(x.shape[-1], column, self.size[1])
        hole = rows[:, None, :, None] & columns[:, None, None, :] & painted[:, None, None, None]
        return x.masked_fill(hole, self.in_range(x, self.fill))


def _covered(length: int, centre: Tensor, size: int) -> Tensor:
    offset = torch.arange(length, device=centre.device) - (centre[:, None] - size // 2)
    return (offset >= 0) & (offset < size)
