"""Transforms that resample an image along a plane's affine maps, each image along its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from netdsl.data.randomness import Moment
from netdsl.data.transforms.base import Draws, Transform


def affine_maps(
    angle: Tensor, scale: Tensor, shear_x: Tensor, shear_y: Tensor, move_x: Tensor, move_y: Tensor
) -> Tensor:
    """Where each output point comes from, as N×2×3 maps in pixels about the middle; angles in radians.

    The image is slanted, scaled, turned clockwise and moved, in this order; the map is the inverse of all that.
    """
    turn = _stack(angle.cos(), -angle.sin(), angle.sin(), angle.cos())
    slant = _stack(torch.ones_like(angle), shear_x, shear_y, torch.ones_like(angle))
    inverse = torch.linalg.inv(turn @ slant * scale[:, None, None])
    move = -inverse @ torch.stack((move_x, move_y), 1)[..., None]
    return torch.cat((inverse, move), 2)


def warp(x: Tensor, maps: Tensor, interpolation: str = "bilinear", fill: float = 0.0) -> Tensor:
    """Each image resampled along its map; `fill` comes in from outside."""
    height, width = x.shape[-2:]
    rows = torch.arange(height, device=x.device) - (height - 1) / 2
    columns = torch.arange(width, device=x.device) - (width - 1) / 2
    points = torch.stack(
        (*torch.meshgrid(columns, rows, indexing="xy"), torch.ones(height, width, device=x.device)), -1
    )
    sources = points.view(1, -1, 3) @ maps.to(x.dtype).transpose(1, 2)
    grid = sources.view(len(x), height, width, 2) * (2 / torch.tensor([width, height], device=x.device))
    shifted = functional.grid_sample(x - fill, grid, mode=interpolation, padding_mode="zeros", align_corners=False)
    return shifted + fill


def _stack(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    return torch.stack((torch.stack((a, b), 1), torch.stack((c, d), 1)), 1)


class Affine(Transform):
    """Turned, moved, scaled and slanted at random."""

    random = True

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
    """Turned at random about the middle."""

    def __init__(self, degrees: float, interpolation: str = "bilinear", fill: float = 0.0) -> None:
        super().__init__(math.fabs(degrees), interpolation=interpolation, fill=fill)
