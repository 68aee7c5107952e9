"""Charts as SVG: lines over epochs, and predictions beside targets. Their colours are the page's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from netdsl.drawing.text_width import measure

WIDTH, HEIGHT = 380.0, 236.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 38.0
TICK = 11.5
"""The size of the numbers beside an axis."""

TICKS = 5
MOST_POINTS = 500
"""The points of a line that are drawn; of more, the lowest and the highest among neighbours."""

DOTTED = 40
"""Up to so many points are drawn as dots too."""


class CurvePoint(NamedTuple):
    """A point of a curve."""

    x: float
    y: float


@dataclass(frozen=True)
class ChartLine:
    """A curve of a chart.

    Args:
        name: what it shows.
        points: its points, from left to right; those whose y is no number are left out.
        look: the class of its colour: `train`, `test`, `run-0`.
        pale: whether it lies behind the others, and does not decide how high the chart is.
        dashed: whether its line is dashed.
    """

    name: str
    points: Sequence[CurvePoint]
    look: str
    pale: bool = False
    dashed: bool = False


@dataclass(frozen=True)
class BestMark:
    """A point that is marked, with what is said of it, and a line down to the axis."""

    point: CurvePoint
    look: str
    said: str


class AxisScale(NamedTuple):
    """From values to places: `low` lies at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)


Write = Callable[[float], str]


def draw_lines(
    series: Sequence[ChartLine],
    label: str,
    across: str,
    *,
    write: Write | None = None,
    marks: Iterable[BestMark] = (),
    span: tuple[float, float] | None = None,
) -> str:
    """Curves in one frame.

    Args:
        series: the curves; the first lie behind the others.
        label: what the chart shows, for those who do not see it.
        across: the title of the axis below.
        write: how the values are written.
        marks: points that are marked.
        span: where the axis below begins and ends; by default with the first and the last point.
    """
    drawn = [(one, [point for point in one.points if math.isfinite(point.y)]) for one in series]
    seen = [point for one, points in drawn for point in points if not one.pale] or [
        point for _, points in drawn for point in points
    ]
    y = _scale([point.y for point in seen], HEIGHT - BOTTOM, TOP)
    written = write or short(y)
    widest = max((measure(written(value), TICK) for value in find_ticks(y.low, y.high)), default=0)
    left = max(LEFT, widest + 10)
    x = _scale(span or [point.x for _, points in drawn for point in points], left, WIDTH - RIGHT, margin=0)
    # Epochs and steps are counted, though a step lies inside an epoch.
    parts = [*_frame(x, y, across, written, whole=x.high - x.low >= 1)]
    for one, points in drawn:
        parts += _curve(one, thin_out(points), x, y)
    for mark in marks:
        parts += _mark(mark, x, y)
    return _svg(label, parts)


def draw_scatter(points: Sequence[CurvePoint], label: str, across: str, up: str) -> str:
    """Points in a square frame with the same numbers on both axes, and the line on which both are equal."""
    found = [point for point in points if math.isfinite(point.x) and math.isfinite(point.y)]
    values = [value for point in found for value in point]
    side = HEIGHT + 100 - TOP - BOTTOM
    x = _scale(values, LEFT, LEFT + side)
    y = _scale(values, TOP + side, TOP)
    parts = [*_frame(x, y, across, short(y), whole=False, up=up)]
    parts.append(_line("equal", [CurvePoint(x.low, y.low), CurvePoint(x.high, y.high)], x, y))
    parts += [_circle("dot test", point, x, y, 3, f"{point.x:.4g} → {point.y:.4g}") for point in found]
    return _svg(label, parts, width=LEFT + side + RIGHT, height=TOP + side + BOTTOM)


def thin_out(points: Sequence[CurvePoint], most: int = MOST_POINTS) -> list[CurvePoint]:
    """The points, or of too many the lowest and the highest of each few neighbours, so that no peak is lost."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(2 * len(points) / most)
    kept: list[CurvePoint] = []
    for start in range(0, len(points), size):
        few = points[start : start + size]
        kept += sorted({min(few, key=lambda one: one.y), max(few, key=lambda one: one.y)})
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def find_ticks(low: float, high: float, most: int = TICKS, *, whole: bool = False) -> list[float]:
    """Round numbers from `low` to `high`: at most about so many, whole ones where that is asked for."""
    step = find_step(low, high, most)
    if whole:
        step = max(1.0, round(step))
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def find_step(low: float, high: float, most: int = TICKS) -> float:
    """The round number that divides a range into at most about so many parts."""
    step = (high - low) / most
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step * 0.999)


def short(scale: AxisScale) -> Write:
    """What writes the numbers of an axis, each as it is: with the digits that the step between two of them has."""
    low, high = min(scale.low, scale.high), max(scale.low, scale.high)
    step = find_step(low, high)
    largest = max(abs(low), abs(high))
    if largest >= 1e5 or largest < 1e-3:
        return lambda value: "0" if abs(value) < step / 2 else f"{value:.2g}"
    digits = next(count for count in range(12) if math.isclose(round(step, count), step, rel_tol=1e-6))
    return lambda value: f"{value:,.{digits}f}"


def n(number: float) -> str:
    """A number in as few characters as a tenth of a point needs."""
    return f"{number:.1f}".removesuffix(".0")


def _scale(values: Sequence[float], start: float, end: float, *, margin: float = 0.06) -> AxisScale:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if not high > low:
        room = abs(low) / 10 or 0.5
        low, high = low - room, high + room
    room = (high - low) * margin
    return AxisScale(low - room, high + room, start, end)


def _frame(x: AxisScale, y: AxisScale, across: str, write: Write, *, whole: bool, up: str = "") -> Iterator[str]:
    """Lines behind the curves, numbers beside them, and the titles of the axes."""
    for value in find_ticks(y.low, y.high):
        height = y.place(value)
        yield f'<path class="grid" d="M{n(x.start)} {n(height)}H{n(x.end)}"/>'
        yield _words("tick", x.start - 7, height + 4, write(value), "end")
    bottom = y.start
    yield f'<path class="axis" d="M{n(x.start)} {n(bottom)}H{n(x.end)}"/>'
    written = (lambda value: f"{value:,.0f}") if whole else short(x)
    for value in find_ticks(x.low, x.high, whole=whole):
        yield _words("tick", x.place(value), bottom + 16, written(value))
    yield _words("name", (x.start + x.end) / 2, bottom + 33, across)
    if up:
        turned = f"translate(12 {n((y.start + y.end) / 2)})rotate(-90)"
        yield f'<text class="name" transform="{turned}" text-anchor="middle">{escape(up)}</text>'


def _words(kind: str, x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{n(x)}" y="{n(y)}" text-anchor="{anchor}">{escape(words)}</text>'


def _circle(kind: str, point: CurvePoint, x: AxisScale, y: AxisScale, radius: float, said: str) -> str:
    place = f'cx="{n(x.place(point.x))}" cy="{n(y.place(point.y))}" r="{radius}"'
    return f'<circle class="{kind}" {place}><title>{escape(said)}</title></circle>'


def _curve(one: ChartLine, points: Sequence[CurvePoint], x: AxisScale, y: AxisScale) -> Iterator[str]:
    kind = "pale" if one.pale else "line"
    yield _line(f"{kind} {one.look}{' dashed' if one.dashed else ''}", points, x, y)
    if not one.pale and len(points) <= DOTTED:
        for point in points:
            yield _circle(f"dot {one.look}", point, x, y, 2.2, f"{one.name}, {point.x:g}: {point.y:.6g}")


def _line(kind: str, points: Sequence[CurvePoint], x: AxisScale, y: AxisScale) -> str:
    # What lies outside is drawn on the frame's edge: a few first steps may be far above all that follows.
    places = [(x.place(one.x), min(max(y.place(one.y), y.end), y.start)) for one in points]
    return (
        f'<path class="{kind}" d="M{"L".join(f"{n(across)} {n(high)}" for across, high in places)}"/>' if places else ""
    )


def _mark(mark: BestMark, x: AxisScale, y: AxisScale) -> Iterator[str]:
    yield f'<path class="best" d="M{n(x.place(mark.point.x))} {n(y.end)}V{n(y.start)}"/>'
    yield _circle(f"ring {mark.look}", mark.point, x, y, 5.5, mark.said)


def _svg(label: str, parts: Iterable[str], *, width: float = WIDTH, height: float = HEIGHT) -> str:
    return f'<svg viewBox="0 0 {n(width)} {n(height)}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
