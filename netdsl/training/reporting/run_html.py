"""A run as a notebook shows it: curves, and a table with a row an epoch. Its texts have the page's colour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import starmap

from netdsl.core.text import text
from netdsl.render.html import COLORS, table_html
from netdsl.reports.chart import ChartLine, CurvePoint, draw_lines
from netdsl.runs.history import Epoch
from netdsl.training.reporting.epoch_table import EpochTable
from netdsl.training.reporting.numbers import axis_of

MOST_ROWS = 30
FIRST_ROWS = 3
"""Of more rows these first ones and the last are shown, and the best between them."""

STYLE = """\
<style>
.netdsl-run{display:flex;flex-wrap:wrap;gap:1em;font:12px sans-serif}.netdsl-run>div{width:360px;max-width:100%}
.netdsl-run span{margin-left:1em}.netdsl-run span.train{color:@train@}.netdsl-run span.test{color:@test@}
.netdsl-run text{font:11px sans-serif;fill:currentColor}.netdsl-run path{fill:none;stroke-linejoin:round}
.netdsl-run :is(.grid,.axis){stroke:currentColor;stroke-opacity:.2}.netdsl-run .line{stroke-width:2}
.netdsl-run path.train{stroke:@train@}.netdsl-run path.test{stroke:@test@}
.netdsl-run circle.train{fill:@train@}.netdsl-run circle.test{fill:@test@}
</style>""".replace("@train@", COLORS["34"]).replace("@test@", COLORS["33"])
"""A notebook has styles of its own, so that these hold for the charts alone."""


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
    charts = "".join(_charts(epochs, criterion, live)) if epochs or live else ""
    return f'{STYLE}<div class="netdsl-run">{charts}</div>{_table(epochs, best, table)}'


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
    train = [*(CurvePoint(epoch.number, epoch.train_loss) for epoch in epochs), *starmap(CurvePoint, live)]
    # Both charts have one axis, so that an epoch is in the same place.
    first, last = math.floor(train[0].x), math.ceil(train[-1].x)
    span = first, max(first + 1, last)
    lines = [ChartLine(text("training"), train, "train"), ChartLine(text("test"), _test_curve(epochs, "loss"), "test")]
    yield _figure("loss", lines, span)
    if epochs and criterion != "loss":
        yield _figure(criterion, [ChartLine(text("test"), _test_curve(epochs, criterion), "test")], span)


def _test_curve(epochs: Sequence[Epoch], name: str) -> list[CurvePoint]:
    return [CurvePoint(epoch.number, float(epoch.test[name])) for epoch in epochs]


def _figure(name: str, lines: Sequence[ChartLine], span: tuple[float, float]) -> str:
    """A chart below its name and the names of its curves."""
    names = "".join(f'<span class="{line.look}">{escape(line.name)}</span>' for line in lines)
    drawn = draw_lines(lines, text("{name} by epoch", name=name), text("epoch"), write=axis_of(name), span=span)
    return f"<div><b>{escape(name)}</b>{names}{drawn}</div>"
