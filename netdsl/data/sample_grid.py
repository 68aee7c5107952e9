"""Samples side by side in one picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

COLUMNS = 8
GAP = 2
PAPER = 255
SMALLEST, LARGEST = 48, 160
"""Pixels of a tile's side."""


def grid_png(raw: Sequence[Tensor], transformed: Sequence[Tensor]) -> bytes:
    """A PNG: a row of samples as they are stored, below it the same as they reach the net, and so on."""
    side = min(LARGEST, max(SMALLEST, max(max(sample.shape[1:]) for sample in (*raw, *transformed))))
    rows = []
    for start in range(0, len(raw), COLUMNS):
        rows += [raw[start : start + COLUMNS], transformed[start : start + COLUMNS]]
    canvas = torch.cat([_row(row, side) for row in rows], 1)
    stream = io.BytesIO()
    Image.fromarray(canvas.permute(1, 2, 0).contiguous().numpy()).save(stream, format="PNG")
    return stream.getvalue()


def _row(samples: Sequence[Tensor], side: int) -> Tensor:
    tiles = [_tile(sample, side) for sample in samples]
    empty = torch.full((3, side + GAP, side + GAP), PAPER, dtype=torch.uint8)
    return torch.cat([*tiles, *[empty] * (COLUMNS - len(tiles))], 2)


def _tile(sample: Tensor, side: int) -> Tensor:
    """A sample in colour, as large as a tile allows: small ones by whole factors, so that their pixels stay square."""
    image = _colours(sample)
    largest = max(image.shape[1:])
    if largest > side:
        height, width = (max(1, length * side // largest) for length in image.shape[1:])
        real = functional.interpolate(image[None].float(), (height, width), mode="bilinear", antialias=True)
        image = real[0].round().to(torch.uint8)
    else:
        factor = side // largest
        image = image.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    height, width = image.shape[1:]
    return functional.pad(image, (0, side - width + GAP, 0, side - height + GAP), value=PAPER)


def _colours(sample: Tensor) -> Tensor:
    return sample[:3] if len(sample) >= 3 else sample[:1].expand(3, -1, -1)
