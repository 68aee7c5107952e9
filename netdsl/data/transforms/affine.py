"""Transforms that resample images by affine maps of the plane, each image by its own map."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from netdsl.data.random_stream import Moment
from netdsl.data.transforms.base import BatchTransform, Draws


def affine_maps(
    angle: Tensor, scale: Tensor, shear_x: Tensor, shear_y: Tensor, move_x: Tensor, move_y: Tensor
) -> Tensor:
    """For each output point the input point, as N×2×3 maps in pixels about the centre; angles in radians.

    The image is sheared, scaled, turned clockwise and moved, in this order. The map is the inverse of all that. With
    the shear's determinant d it is ((1, −sx), (−sy, 1)) / (d·scale) · ((cos, sin), (−sin, cos)).
    """
    cos, sin = angle.cos(), angle.sin()
    size = scale * (1 - shear_x * shear_y)
    a, b = (cos + shear_x * sin) / size, (sin - shear_x * cos) / size
    c, d = (-shear_y * cos - sin) / size, (-shear_y * sin + cos) / size
    rows = (a, b, -(a * move_x + b * move_y)), (c, d, -(c * move_x + d * move_y))
    return torch.stack([torch.stack(row, 1) for row in rows], 1)


def warp(x: Tensor, maps: Tensor, interpolation: str = "bilinear", fill: float = 0.0) -> Tensor:
    """Each image resampled by its map. Points outside the image have the value `fill`."""
    height, width = x.shape[-2:]
    rows = (torch.arange(height, device=x.device) - (height - 1) / 2).view(1, -1, 1)
    columns = (torch.arange(width, device=x.device) - (width - 1) / 2).view(1, 1, -1)
    across, down = (
        (row[:, 0, None, None] * columns + row[:, 1, None, None] * rows + row[:, 2, None, None]) * (2 / length)
        for row, length in zip(maps.to(x.dtype).unbind(1), (width, height), strict=True)
    )
    grid = torch.stack((across, down), -1)
    shifted = functional.grid_sample(x - fill, grid, mode=interpolation, padding_mode="zeros", align_corners=False)
    return shifted + fill


class Affine(BatchTransform):
    """Turns, moves, scales and shears each image at random."""

    moves = random = True

    def __init__(
        self,
        degrees: float = 0.0,
        translate: tuple[float, float] = (0.0, 0.0),
        scale: tuple[float, float] = (1.0, 1.0),
        shear: float = 0.0,
        interpolation: str = "bilinear",
        fill: float = 0.0,
    ) -> None:
        self.degrees, self.translate, self.scale, self.shear = degrees, translate, scale, shear
        self.interpolation, self.fill = interpolation, fill

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """The map of each image."""
        height, width = shape[-2:]
        degrees = moment.uniform(-self.degrees, self.degrees)
        move_x = moment.uniform(-self.translate[0], self.translate[0]) * width
        move_y = moment.uniform(-self.translate[1], self.translate[1]) * height
        scale = moment.uniform(*self.scale)
        shear = moment.uniform(-self.shear, self.shear).deg2rad().tan()
        return (affine_maps(degrees.deg2rad(), scale, shear, torch.zeros_like(shear), move_x.round(), move_y.round()),)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The warped batch."""
        (maps,) = drawn
        return warp(x, maps, self.interpolation, self.fill)


class Rotation(Affine):
    """Turns each image at random about its centre."""

    def __init__(self, degrees: float, interpolation: str = "bilinear", fill: float = 0.0) -> None:
        super().__init__(math.fabs(degrees), interpolation=interpolation, fill=fill)
