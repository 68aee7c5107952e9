"""Samples side by side in one picture: each as stored and as the net receives it, with its class below."""

from __future__ import annotations

import io
from collections.abc import Sequence

import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

from netdsl.data.lettering import INK, LETTERS, PAPER, find_font
from netdsl.data.overlays import as_color, draw_legend

PAIRS = 4
"""So many pairs stand in a row."""

GAP, MARGIN = 2, 14
"""Pixels between the two pictures of a pair, and between pairs."""

SMALLEST, LARGEST = 96, 192
"""Pixels of a tile's side."""


def grid_png(
    raw: Sequence[Tensor], transformed: Sequence[Tensor], labels: Sequence[str], classes: Sequence[str] = ()
) -> bytes:
    """A PNG: each sample as it is stored, to its right as it reaches the net, and below what it is called.

    `classes` are those of masks, for a legend below them all.
    """
    side = min(LARGEST, max(SMALLEST, max(max(sample.shape[1:]) for sample in (*raw, *transformed))))
    across, down = min(PAIRS, len(raw)), -(-len(raw) // PAIRS)
    width, height = 2 * side + GAP + MARGIN, side + LETTERS + 6 + MARGIN
    legend = draw_legend(range(len(classes)), classes, across * width)
    canvas = Image.new("RGB", (across * width + MARGIN, down * height + MARGIN + legend.height), PAPER)
    canvas.paste(legend, (MARGIN, down * height + MARGIN))
    pen = ImageDraw.Draw(canvas)
    for place, (stored, received, label) in enumerate(zip(raw, transformed, labels, strict=True)):
        x, y = MARGIN + place % PAIRS * width, MARGIN + place // PAIRS * height
        canvas.paste(_tile(stored, side), (x, y))
        canvas.paste(_tile(received, side), (x + side + GAP, y))
        font = find_font(LETTERS, label)
        while label and pen.textlength(label, font) > width - MARGIN:
            label = label.removesuffix("…")[:-1] + "…" if len(label) > 1 else ""
        pen.text((x, y + side + 3), label, INK, font)
    stream = io.BytesIO()
    canvas.save(stream, format="PNG")
    return stream.getvalue()


def _tile(sample: Tensor, side: int) -> Image.Image:
    """A sample in colour at the size of a tile. Small ones are enlarged by whole factors: their pixels stay square."""
    image = as_color(sample)
    largest = max(image.shape[1:])
    if largest > side:
        height, width = (max(1, length * side // largest) for length in image.shape[1:])
        real = functional.interpolate(image[None].float(), (height, width), mode="bilinear", antialias=True)
        image = real[0].round().to(torch.uint8)
    else:
        factor = side // largest
        image = image.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    return Image.fromarray(image.permute(1, 2, 0).contiguous().numpy())
