"""A run as a notebook shows it: curves, and a table with a row an epoch. Its texts have the page's colour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from netdsl.core.text import text
from netdsl.render.html import COLORS, table_html
from netdsl.reports.chart import AxisScale
from netdsl.runs.history import Epoch
from netdsl.training.reporting.epoch_table import EpochTable
from netdsl.training.reporting.numbers import number

WIDTH, HEIGHT = 360, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 26, 24
TICKS = 4
MOST_POINTS = 300
"""So many points of a curve are drawn: a run of many epochs is sent to the page again and again."""

MOST_ROWS = 30
FIRST_ROWS = 3
"""Of more rows these first ones and the last are shown, and the best between them."""

HUES = {"train": COLORS["34"], "test": COLORS["33"]}
QUIET = 'stroke="currentColor" stroke-opacity=".2"'


Point = tuple[float, float]
"""An epoch, or a place between two, and a value."""


def run_html(
    epochs: Sequence[Epoch],
    best: Epoch | None,
    table: EpochTable,
    criterion: str = "loss",
    *,
    live: Sequence[Point] = (),
) -> str:
    """The curves and the table of the epochs so far; `live` is the training loss in the course of the one that runs."""
    charts = _charts(epochs, criterion, live) if epochs or live else ()
    return f"<div>{''.join(charts)}</div>{_table(epochs, best, table)}"


def choose_rows(epochs: Sequence[Epoch], best: Epoch | None, most: int = MOST_ROWS) -> list[Epoch | None]:
    """The epochs that are shown; None stands for those that are left out."""
    if len(epochs) <= most:
        return list(epochs)
    start = len(epochs) - (most - FIRST_ROWS)
    middle: list[Epoch | None] = [None]
    if best is not None and best in epochs[FIRST_ROWS:start]:
        middle = [None, best, None]
    return [*epochs[:FIRST_ROWS], *middle, *epochs[start:]]


def _table(epochs: Sequence[Epoch], best: Epoch | None, table: EpochTable) -> str:
    chosen = choose_rows(epochs, best)
    rows = [["…"] * len(table.columns) if epoch is None else table.cells(epoch) for epoch in chosen]
    bold = [place for place, epoch in enumerate(chosen) if epoch is not None and epoch is best]
    return table_html(table.columns, rows, bold=bold)


def _charts(epochs: Sequence[Epoch], criterion: str, live: Sequence[Point]) -> Iterator[str]:
    trained = [*((epoch.number, epoch.train_loss) for epoch in epochs), *live]
    # Both charts have one axis, so that an epoch is in the same place.
    first, last = math.floor(trained[0][0]), math.ceil(trained[-1][0])
    across = AxisScale(first, max(first + 1, last), LEFT, WIDTH - RIGHT)
    yield _chart("loss", across, {"train": trained, "test": [(epoch.number, epoch.test["loss"]) for epoch in epochs]})
    if epochs and criterion != "loss":
        yield _chart(criterion, across, {"test": [(epoch.number, float(epoch.test[criterion])) for epoch in epochs]})


def _chart(name: str, across: AxisScale, curves: Mapping[str, Sequence[Point]]) -> str:
    """Curves over epochs in one frame."""
    shown = {label: [point for point in points if math.isfinite(point[1])] for label, points in curves.items()}
    values = [value for points in shown.values() for _, value in points]
    up = _axis(values)
    parts = [f'<text x="{LEFT}" y="15" font-weight="bold">{escape(name)}</text>']
    for tick in range(TICKS + 1):
        value = up.low + (up.high - up.low) * tick / TICKS
        height = up.place(value)
        parts.append(f'<path d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}" {QUIET}/>')
        parts.append(f'<text x="{LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{number(name, value)}</text>')
    for epoch, anchor in ((across.low, "start"), (across.high, "end")):
        parts.append(f'<text x="{across.place(epoch):.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{epoch:,}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{text("epoch")}</text>')
    for place, (label, points) in enumerate(shown.items()):
        parts += _curve(label, points, across, up, place)
    said = text("{name} by epoch", name=name)
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said)}" '
        f'font-size="11" font-family="sans-serif" fill="currentColor">{"".join(parts)}</svg>'
    )


def _curve(label: str, points: Sequence[Point], across: AxisScale, up: AxisScale, place: int) -> Iterator[str]:
    color = HUES[label]
    yield f'<text x="{WIDTH - RIGHT - 44 * place}" y="15" text-anchor="end" fill="{color}">{label}</text>'
    step = max(1, math.ceil(len(points) / MOST_POINTS))
    kept = [*points[:-1:step], *points[-1:]]
    places = [f"{across.place(epoch):.1f} {up.place(value):.1f}" for epoch, value in kept]
    if places:
        yield f'<path d="M{"L".join(places)}" fill="none" stroke="{color}" stroke-width="2" stroke-linejoin="round"/>'
        end = places[-1].split()
        yield f'<circle cx="{end[0]}" cy="{end[1]}" r="3" fill="{color}"/>'


def _axis(values: Sequence[float]) -> AxisScale:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if not high > low:
        room = abs(low) / 10 or 0.5
        low, high = low - room, high + room
    return AxisScale(low, high, HEIGHT - BOTTOM, TOP)
