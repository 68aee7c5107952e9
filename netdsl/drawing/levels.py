"""The layout of nets of several resolutions with labelled skips: height is resolution, left to right is order.

A U-Net comes out as the paper's U. What changes the resolution stands at the lower of its two levels, so that nothing
stands between a labelled output and the part that takes it, and their line is straight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from netdsl.components import Shape
from netdsl.drawing.diagram import Box, Diagram, Part, spatial_size
from netdsl.drawing.laid import SHAPE, Laid
from netdsl.drawing.layout import Layout
from netdsl.drawing.picture import Line, Point
from netdsl.drawing.text_width import measure

NEAR = 26.0
"""Between neighbours of one level."""

BETWEEN = 44.0
"""Between two levels."""


@dataclass
class _Spot:
    """A part and where its axis begins."""

    part: Part
    level: int
    laid: Laid
    along: float = 0.0

    @property
    def middle(self) -> float:
        """The middle of its length."""
        return self.along + self.laid.length / 2

    @property
    def stop(self) -> float:
        """Where it ends."""
        return self.along + self.laid.length


def find_levels(diagram: Diagram) -> list[int] | None:
    """The level of each part at the top, 0 for the finest; None where the net is not of this kind."""
    series = diagram.root
    if not series.skips or series.is_rewired:
        return None
    sizes: list[int] = []
    for part in series.parts:
        before, after = spatial_size(part.inputs[0]), spatial_size(part.shapes[-1])
        known = [size for size in (before, after) if size is not None]
        sizes.append(min(known) if known else sizes[-1] if sizes else 0)
    order = sorted(set(sizes), reverse=True)
    levels = [order.index(size) for size in sizes]
    if len(order) < 2 or not all(_is_straight(skip.start, skip.end, levels) for skip in series.skips):
        return None
    return levels


def lay_out_levels(diagram: Diagram, levels: Sequence[int], *, foldable: bool = False) -> Laid:
    """The net laid out to the right, with its levels below each other."""
    layout = Layout(diagram, "right", foldable=foldable)
    series = diagram.root
    spots = [
        _Spot(part, level, one)
        for part, level, one in zip(series.parts, levels, layout.lay_parts(series.parts), strict=True)
    ]
    _advance(spots, diagram)
    heights = _heights(spots)
    laid = Laid(0, 0, 0)
    for spot in spots:
        laid.add(spot.laid, spot.along, heights[spot.level])
    laid.length = max(spot.stop for spot in spots)
    _connect(laid, spots, heights, diagram)
    _name_levels(laid, spots, heights, diagram)
    for skip in series.skips:
        _draw_skip(laid, spots[skip.start], spots[skip.end], heights, skip.label)
    return laid


def _is_straight(start: int, end: int, levels: Sequence[int]) -> bool:
    """Whether two parts are of one level, and all between them below it."""
    return levels[start] == levels[end] and all(level > levels[start] for level in levels[start + 1 : end])


def _advance(spots: Sequence[_Spot], diagram: Diagram) -> None:
    """Gives each part its place from left to right; what stands lower may begin under what comes before."""
    along = 0.0
    for before, spot in zip([None, *spots], spots, strict=False):
        if before is None:
            along = measure(_channels(diagram, spot.part.inputs), SHAPE) + NEAR
        elif before.level == spot.level:
            along = before.stop + max(NEAR, measure(_channels(diagram, before.part.shapes), SHAPE) + 16)
        elif spot.level > before.level and isinstance(before.part, Box):
            along = before.middle + NEAR - 4
        elif spot.level < before.level and isinstance(spot.part, Box):
            along = max(before.stop + 18 - spot.laid.length / 2, before.along)
        else:
            along = before.stop + NEAR
        spot.along = max(along, _free(spots, spot))


def _free(spots: Sequence[_Spot], spot: _Spot) -> float:
    """Where the level of a part is free: behind all that stands there already."""
    return max((one.stop + NEAR for one in spots[: spots.index(spot)] if one.level == spot.level), default=0.0)


def _heights(spots: Sequence[_Spot]) -> list[float]:
    """Where the axis of each level is."""
    heights = [0.0]
    for level in range(1, max(spot.level for spot in spots) + 1):
        above = max((one.laid.high for one in spots if one.level == level - 1), default=0)
        below = min((one.laid.low for one in spots if one.level == level), default=0)
        heights.append(heights[-1] + above + BETWEEN - below)
    return heights


def _connect(laid: Laid, spots: Sequence[_Spot], heights: Sequence[float], diagram: Diagram) -> None:
    """The arrows between neighbours, with the channels on them, one into the first and one out of the last."""
    first, last = spots[0], spots[-1]
    _across(laid, 0, first.along + first.laid.start, heights[first.level], _channels(diagram, first.part.inputs))
    for before, spot in pairwise(spots):
        high, low = heights[before.level], heights[spot.level]
        words = _channels(diagram, before.part.shapes)
        start, end = before.along + before.laid.end, spot.along + spot.laid.start
        if before.level == spot.level:
            _across(laid, start, end, high, words, before.stop, spot.along)
            continue
        if spot.level > before.level and isinstance(before.part, Box):
            points: tuple[Point, ...] = (
                Point(before.middle, high + before.laid.high),
                Point(before.middle, low),
                Point(end, low),
            )
            turn = Point(before.middle - 5 - measure(words, SHAPE) / 2, high + before.laid.high + 18)
        elif spot.level < before.level and isinstance(spot.part, Box):
            points = (Point(start, high), Point(spot.middle, high), Point(spot.middle, low + spot.laid.high))
            turn = Point(spot.middle + 5 + measure(words, SHAPE) / 2, low + spot.laid.high + 18)
        else:
            corner = before.stop + NEAR / 2
            points = (Point(start, high), Point(corner, high), Point(corner, low), Point(end, low))
            turn = Point(corner + 5 + measure(words, SHAPE) / 2, (high + low) / 2)
        laid.lines.append(Line(points))
        laid.captions.append((turn, words, "muted"))
    words = _channels(diagram, last.part.shapes)
    gap = measure(words, SHAPE) + NEAR
    _across(laid, last.along + last.laid.end, laid.length + gap, heights[last.level], words, last.stop)
    laid.length += gap


def _across(
    laid: Laid,
    start: float,
    end: float,
    height: float,
    words: str,
    left: float | None = None,
    right: float | None = None,
) -> None:
    """An arrow to the right; its words stand in the gap from `left` to `right`."""
    laid.lines.append(Line((Point(start, height), Point(end, height))))
    middle = ((start if left is None else left) + (end if right is None else right)) / 2
    laid.captions.append((Point(middle - 2, height - 5), words, "muted"))


def _name_levels(laid: Laid, spots: Sequence[_Spot], heights: Sequence[float], diagram: Diagram) -> None:
    """The resolution of each level, above each stretch of parts that stand there."""
    for before, spot in zip([None, *spots], spots, strict=False):
        if before is not None and before.level == spot.level:
            continue
        finest = min((spot.part.inputs, spot.part.shapes), key=lambda shapes: spatial_size(shapes[0]) or 0)
        words = diagram.write_shape([finest[0][1:]])
        place = Point(max(spot.middle, spot.along + measure(words, SHAPE) / 2), heights[spot.level] + spot.laid.low - 7)
        laid.captions.append((place, words, "plain"))
        laid.low = min(laid.low, place.y - SHAPE)


def _draw_skip(laid: Laid, source: _Spot, target: _Spot, heights: Sequence[float], label: str) -> None:
    """The straight line of a labelled output, with its name on it."""
    height = heights[source.level]
    start, end = source.stop, target.along
    laid.lines.append(Line((Point(start, height), Point(end, height)), dashed=True))
    laid.captions.append((Point((start + end) / 2, height - 5), label, "label"))


def _channels(diagram: Diagram, shapes: Sequence[Shape]) -> str:
    """How many channels: what changes along a level."""
    return diagram.write_size([shape[0] for shape in shapes]) if all(shapes) else ""
