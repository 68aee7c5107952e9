"""Masks as pictures: laid over their images, beside a legend, or by themselves as files that hold class numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from netdsl.builtins.files.mask_folders import VOID
from netdsl.components import Facts
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.lettering import INK, LETTERS, PAPER, find_font
from netdsl.data.transforms.base import NO_CLASS
from netdsl.render.palette import Rgb, class_color, is_background

STRENGTH = 0.6
"""How much of a class's colour is in its pixels; the rest is the image."""

SMALLEST_SIDE = 256
"""An image of fewer pixels is drawn larger, by a whole factor."""

GAP = 6
MOST_NAMED = 40
"""So many classes have a place in a legend."""


def mask_classes(facts: Facts) -> tuple[str, ...]:
    """The names of the classes where each pixel has one, their numbers where they have no names; else none."""
    if facts.classes is None or len(facts.target) != 2:
        return ()
    return facts.names or tuple(map(str, range(facts.classes)))


def overlay_mask(image: Tensor, mask: Tensor, names: Sequence[str]) -> Tensor:
    """An image C×H×W of bytes with each pixel of a mask H×W in the colour of its class, and outlines in full colour.

    The background, and what has no class, stay as they are.
    """
    base = as_color(image).float()
    drawn = base.clone()
    borders = _borders(mask)
    for number in classes_in(mask):
        if not is_background(number, names):
            color = torch.tensor(class_color(number, names)).view(3, 1, 1).float()
            share = torch.where(borders, 1.0, STRENGTH) * (mask == number)
            drawn += share * (color - base)
    return drawn.round().to(torch.uint8)


def as_color(image: Tensor) -> Tensor:
    """An image of any number of channels as one of three: the first three, or the first one as grey."""
    return image[:3] if len(image) >= 3 else image[:1].expand(3, -1, -1)


def classes_in(*masks: Tensor) -> list[int]:
    """The classes that occur, in order."""
    found = torch.unique(torch.cat([mask.flatten() for mask in masks]))
    return [number for number in found.tolist() if number != NO_CLASS]


def _borders(mask: Tensor) -> Tensor:
    """Pixels beside one of another class."""
    borders = torch.zeros_like(mask, dtype=torch.bool)
    for axis, length in enumerate(mask.shape):
        differs = mask.narrow(axis, 1, length - 1) != mask.narrow(axis, 0, length - 1)
        borders.narrow(axis, 1, length - 1).logical_or_(differs)
        borders.narrow(axis, 0, length - 1).logical_or_(differs)
    return borders


def mask_png(mask: Tensor, names: Sequence[str]) -> bytes:
    """A PNG whose pixels are class numbers, with their colours as its palette; 255 is no class, as PASCAL VOC has it.

    Raises:
        DataError: there are more classes than a palette has places.
    """
    if len(names) > VOID:
        raise DataError(
            text("a picture of a mask holds {most} classes at most, not {count}", most=VOID, count=len(names)),
            "in Python, `load(RUN).predict(FILE).mask` has them all",
        )
    picture = Image.fromarray(torch.where(mask == NO_CLASS, VOID, mask).to(torch.uint8).numpy(), mode="P")
    colors = [(0, 0, 0) if is_background(number, names) else class_color(number, names) for number in range(len(names))]
    unused = [(255, 255, 255)] * (256 - len(colors))
    picture.putpalette([part for color in (*colors, *unused) for part in color])
    return png(picture)


def panels_png(panels: Sequence[tuple[str, Tensor]], numbers: Sequence[int], names: Sequence[str]) -> bytes:
    """A PNG of images C×H×W of bytes and of one size side by side, with titles above and the classes' colours below.

    Args:
        panels: each with its title.
        numbers: the classes that the legend names.
        names: those of all classes.
    """
    height, width = panels[0][1].shape[1:]
    factor = max(1, SMALLEST_SIDE // max(height, width))
    tiles = [as_color(image).repeat_interleave(factor, 1).repeat_interleave(factor, 2) for _, image in panels]
    across, title = width * factor, (LETTERS + GAP) * any(title for title, _ in panels)
    whole = len(panels) * (across + GAP) - GAP
    legend = draw_legend(numbers, names, whole)
    canvas = Image.new("RGB", (whole, title + height * factor + legend.height), PAPER)
    pen = ImageDraw.Draw(canvas)
    for place, ((words, _), tile) in enumerate(zip(panels, tiles, strict=True)):
        left = place * (across + GAP)
        pen.text((left, 0), words, INK, find_font(LETTERS, words))
        canvas.paste(Image.fromarray(tile.permute(1, 2, 0).contiguous().numpy()), (left, title))
    canvas.paste(legend, (0, title + height * factor))
    return png(canvas)


def draw_legend(numbers: Sequence[int], names: Sequence[str], width: int) -> Image.Image:
    """Squares in the classes' colours with their names, in as many rows as they need."""
    entries: list[tuple[Rgb | None, str]] = [
        (class_color(number, names), names[number]) for number in numbers[:MOST_NAMED]
    ]
    if len(numbers) > MOST_NAMED:
        entries.append((None, text("and {count} more", count=len(numbers) - MOST_NAMED)))
    square, row = LETTERS - 3, LETTERS + GAP
    places, x, y = [], GAP, GAP
    for color, name in entries:
        length = square + GAP + round(find_font(LETTERS, name).getlength(name)) + 2 * GAP
        if x > GAP and x + length > width:
            x, y = GAP, y + row
        places.append((x, y, color, name))
        x += length
    canvas = Image.new("RGB", (width, (y + row) if entries else 0), PAPER)
    pen = ImageDraw.Draw(canvas)
    for x, y, color, name in places:
        if color is not None:
            pen.rectangle((x, y + 3, x + square, y + 3 + square), fill=tuple(color), outline=INK)
        pen.text((x + square + GAP, y), name, INK, find_font(LETTERS, name))
    return canvas


def png(picture: Image.Image) -> bytes:
    """A picture as a file."""
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return stream.getvalue()
