"""What a terminal shows of a sample's way through a net: a line a statement, and small tensors whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from torch import Tensor

from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.inside.flow import SampleFlow, Stage
from netdsl.render.cells import crop, left, painter, right, visible, width
from netdsl.reports.page import table

MOST_NUMBERS = 64
"""So many numbers a tensor may have to be shown whole."""

MOST_TOGETHER = 400
"""So many all tensors together."""

GAP = "  "


def flow_text(flow: SampleFlow, stages: Sequence[Stage], *, color: bool = False, columns: int = 80) -> str:
    """The table, and the tensors where they are small."""
    lines = list(_table(flow, stages, color, columns))
    if is_small(flow, stages):
        lines += ["", *_tensors(flow, stages)]
    return "\n".join(lines) + "\n"


def numbers_html(flow: SampleFlow, stages: Sequence[Stage]) -> str:
    """The same as HTML."""
    head, *rows = _rows(flow, stages)
    found = table(head, [[escape(cell) for cell in row] for row in rows], numbers=(0, 4, 5, 6, 7), kind="numbers")
    small = escape("\n".join(_tensors(flow, stages))) if is_small(flow, stages) else ""
    return f"{found}<pre>\n\n{small}</pre>" if small else found


def is_small(flow: SampleFlow, stages: Sequence[Stage]) -> bool:
    """Whether all of its tensors can be shown whole."""
    shown = [
        *(fed.x for fed in flow.inputs),
        *(one.output for one in stages),
        *(value for one in stages for value in one.weights.values()),
    ]
    return all(one.numel() <= MOST_NUMBERS for one in shown) and sum(one.numel() for one in shown) <= MOST_TOGETHER


def _rows(flow: SampleFlow, stages: Sequence[Stage]) -> Iterator[tuple[str, ...]]:
    """The head of the table, the sample, and a row a statement."""
    yield (
        text("line"),
        text("layer"),
        text("path"),
        text("shape"),
        text("min"),
        text("mean"),
        text("max"),
        text("dead"),
    )
    for fed in flow.inputs:
        yield ("", visible(fed.name), "", *_numbers(fed.x), "")
    for one in stages:
        written = "  " * one.node.depth + " ".join(visible(one.node.written).split())
        share = f"{100 * one.dead:.0f} %"
        yield (str(one.node.span.position.line), written, one.node.path, *_numbers(one.output), share)


def _table(flow: SampleFlow, stages: Sequence[Stage], color: bool, columns: int) -> Iterator[str]:
    head, *rows = _rows(flow, stages)
    widths = [max(width(row[place]) for row in (head, *rows)) for place in range(len(head))]
    widths[1] = max(len(head[1]), min(widths[1], columns - sum(widths) + widths[1] - len(GAP) * (len(head) - 1)))
    paint = painter(color)
    for place, row in enumerate((head, *rows)):
        cells = [
            (left if column in (1, 2, 3) else right)(crop(cell, room), room)
            for column, (cell, room) in enumerate(zip(row, widths, strict=True))
        ]
        line = GAP.join(cells).rstrip()
        yield paint(line, bold=True) if place == 0 else line


def _numbers(values: Tensor) -> list[str]:
    real = values.double()
    shape = format_shape(values.shape)
    if not values.numel():
        return [shape, "", "", ""]
    return [shape, *(f"{float(one):.4g}" for one in (real.min(), real.mean(), real.max()))]


def _tensors(flow: SampleFlow, stages: Sequence[Stage]) -> Iterator[str]:
    for fed in flow.inputs:
        yield from _whole(visible(fed.name), fed.x)
    for one in stages:
        for name, values in one.weights.items():
            yield from _whole(text("{layer}, its {name}", layer=visible(one.title), name=name), values)
        yield from _whole(visible(one.title), one.output)


def _whole(name: str, values: Tensor) -> Iterator[str]:
    """A tensor as rows of numbers, its last two axes at a time."""
    yield f"{name}  {format_shape(values.shape)}".rstrip()
    rows = values.reshape(-1, values.shape[-1]) if values.dim() else values.reshape(1, 1)
    written = [[f"{number:.4g}" for number in row] for row in rows.tolist()]
    room = max(len(number) for row in written for number in row)
    height = values.shape[-2] if values.dim() > 1 else 1
    for place, row in enumerate(written):
        if place and place % height == 0:
            yield ""
        yield "  " + " ".join(right(number, room) for number in row)
    yield ""
