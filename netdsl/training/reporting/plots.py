"""Pictures of results, drawn with Pillow: a confusion matrix, and curves of several runs in one frame."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

Curve = Sequence[tuple[float, float]]

INK, PALE, PAPER = (34, 34, 34), (200, 200, 200), (255, 255, 255)
DEEP = (12, 74, 140)
COLORS = ((12, 74, 140), (204, 85, 0), (34, 139, 60), (160, 32, 120), (120, 90, 40), (0, 140, 150))
SIDE, LARGEST_CELL, SMALLEST_CELL = 720, 48, 6
READABLE = 18
"""Pixels that a cell needs for a number in it."""

WIDTH, HEIGHT, MARGIN = 900, 540, 64
TICKS = 5


def confusion_png(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> bytes:
    """A confusion matrix, true classes down, predicted ones across; a cell is darker the more of its row it has."""
    cell = max(SMALLEST_CELL, min(LARGEST_CELL, SIDE // len(matrix)))
    font = ImageFont.load_default(max(8, min(15, cell // 2)))
    labelled = cell >= READABLE
    edge = 16 + (max(int(font.getlength(name)) for name in names) if labelled else 0)
    image = Image.new("RGB", (edge + cell * len(matrix) + 16,) * 2, PAPER)
    draw = ImageDraw.Draw(image)
    for row, counts in enumerate(matrix):
        total = sum(counts) or 1
        for column, count in enumerate(counts):
            left, top = edge + column * cell, edge + row * cell
            share = count / total
            draw.rectangle((left, top, left + cell - 2, top + cell - 2), fill=_mixed(PAPER, DEEP, share), outline=PALE)
            if labelled and count:
                place = (left + cell / 2, top + cell / 2)
                draw.text(place, str(count), PAPER if share > 0.5 else INK, font, anchor="mm")
    if labelled:
        _name_classes(image, names, font, edge, cell)
    return _png(image)


def curves_png(curves: Mapping[str, Curve], title: str) -> bytes:
    """Curves over steps, each in its colour, with a legend."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(14)
    points = [point for curve in curves.values() for point in curve if math.isfinite(point[1])]
    across, up = _span([x for x, _ in points]), _span([y for _, y in points])
    _axes(draw, font, across, up)
    draw.text((MARGIN, MARGIN / 2), title, INK, font, anchor="lm")
    legend = float(MARGIN)
    for index, (name, curve) in enumerate(curves.items()):
        color = COLORS[index % len(COLORS)]
        line = [(_place_x(x, across), _place_y(y, up)) for x, y in curve if math.isfinite(y)]
        draw.line(line, color, 3, joint="curve")
        for x, y in line:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), color)
        draw.text((legend, HEIGHT - MARGIN / 4), name, color, font, anchor="lm")
        legend += font.getlength(name) + 24
    return _png(image)


def _name_classes(
    image: Image.Image, names: Sequence[str], font: ImageFont.FreeTypeFont | ImageFont.ImageFont, edge: int, cell: int
) -> None:
    draw = ImageDraw.Draw(image)
    for index, name in enumerate(names):
        middle = edge + index * cell + cell / 2
        draw.text((edge - 6, middle), name, INK, font, anchor="rm")
        above = Image.new("L", (edge, cell), 0)
        ImageDraw.Draw(above).text((6, cell / 2), name, 255, font, anchor="lm")
        turned = above.rotate(90, expand=True)
        image.paste(INK, (edge + index * cell, 0), turned)


def _axes(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    across: tuple[float, float],
    up: tuple[float, float],
) -> None:
    for tick in range(TICKS + 1):
        x = across[0] + (across[1] - across[0]) * tick / TICKS
        y = up[0] + (up[1] - up[0]) * tick / TICKS
        left, top = _place_x(x, across), _place_y(y, up)
        draw.line((MARGIN, top, WIDTH - MARGIN, top), PALE)
        draw.text((MARGIN - 6, top), f"{y:.3g}", INK, font, anchor="rm")
        draw.text((left, HEIGHT - MARGIN + 14), f"{x:,.0f}", INK, font, anchor="mm")


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _place_x(x: float, span: tuple[float, float]) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * (x - span[0]) / (span[1] - span[0])


def _place_y(y: float, span: tuple[float, float]) -> float:
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (y - span[0]) / (span[1] - span[0])


def _mixed(light: tuple[int, ...], dark: tuple[int, ...], share: float) -> tuple[int, ...]:
    return tuple(round(one + (other - one) * share) for one, other in zip(light, dark, strict=True))


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()
