"""Drawings with a class for each pixel, made when they are asked for: nothing is to be downloaded."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from netdsl.data.random_stream import SHAPES, generator
from netdsl.data.samples import Splits, Tensors

KINDS, SHOWN = 3, 2
"""So many kinds there are, of which an image has two."""
TRIES = 12
"""From so many places that of the second shape is chosen."""
DARKEST, BRIGHTEST = 110, 256
"""What a shape is painted in, above the noise of 0…89."""
NOISE = 90


def load(root: Path, shape: tuple[int, ...] = (3, 32, 32), size: int = 1_000) -> Splits:
    """`size` drawings, and a tenth as many to test."""
    return Splits(_draw(shape, size, 0), _draw(shape, max(1, size // 10), 1))


def _draw(shape: tuple[int, ...], count: int, part: int) -> Tensors:
    """Two shapes an image, of different kinds and colours."""
    channels, height, width = shape
    stream = generator(SHAPES, part)
    images = torch.randint(NOISE, (count, *shape), dtype=torch.uint8, generator=stream)
    masks = torch.zeros(count, height, width, dtype=torch.int64)
    kinds = torch.rand(count, KINDS, generator=stream).argsort(1)[:, :SHOWN] + 1
    radii = (torch.rand(count, SHOWN, generator=stream) * 0.13 + 0.12) * min(height, width)
    for kind, radius, center in zip(kinds.T, radii.T, _centers(radii, height, width, stream), strict=True):
        down, right = (
            torch.arange(length)[:, None] - place[:, None, None]
            for length, place in zip((height, width), center, strict=True)
        )
        inside = _inside(kind, down, right.transpose(1, 2), radius[:, None, None])
        masks = torch.where(inside, kind[:, None, None], masks)
        paint = torch.randint(DARKEST, BRIGHTEST, (count, channels, 1, 1), generator=stream).to(torch.uint8)
        images = torch.where(inside[:, None], paint, images)
    return Tensors(images, masks)


def _centers(radii: Tensor, height: int, width: int, stream: torch.Generator) -> list[Tensor]:
    """A row and a column for each shape, 2×N: it lies in the image as a whole, and as far from the first as may be."""
    count = len(radii)
    room = torch.tensor([height - 1, width - 1])[:, None, None]
    first, second = radii.T[:, None, :, None].expand(SHOWN, 1, count, TRIES)
    drawn = torch.rand(SHOWN, 2, count, TRIES, generator=stream)
    near, far = first + drawn[0] * (room - 2 * first), second + drawn[1] * (room - 2 * second)
    # Two that overlap may hide one another, and what cannot be seen cannot be learnt.
    chosen = (far - near[..., :1]).square().sum(0).argmax(1)
    return [near[..., 0], far.gather(2, chosen[None, :, None].expand(2, count, 1))[..., 0]]


def _inside(kind: Tensor, down: Tensor, right: Tensor, radius: Tensor) -> Tensor:
    """Which pixels N×H×W a shape covers: a circle, or a square or a triangle that lies within that circle."""
    circle = down.square() + right.square() <= radius.square()
    square = torch.maximum(down.abs(), right.abs()) <= radius * 0.8
    # Its tip is above: it grows by as much to either side as it goes down.
    triangle = (down <= radius * 0.8) & (right.abs() <= (down + radius) * 0.55)
    return torch.stack((circle, square, triangle)).gather(0, (kind - 1)[None, :, None, None].expand(1, *circle.shape))[
        0
    ]
