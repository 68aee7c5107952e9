"""A confusion matrix as SVG: true classes down, predicted ones across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from netdsl.core.text import ntext, text
from netdsl.reports.chart import n

CELL, SMALLEST, LARGEST_SIDE = 38.0, 7.0, 560.0
NUMBERED = 20.0
"""The side of a cell that a number fits into."""

NAMED = 11.0
"""The side of a cell beside which a name fits."""

LETTER = 6.8
LONGEST_NAME = 16
TITLE = 24.0
FULL = 0.55
"""The share above which a cell is so dark that its number is light."""


def draw_matrix(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """The matrix; a cell is darker the more of its row it has, and what is wrong has another colour."""
    count = len(matrix)
    side = max(SMALLEST, min(CELL, LARGEST_SIDE / count))
    shown = [crop(name) for name in names] if side >= NAMED else []
    beside = TITLE + 12 + (max(map(len, shown)) * LETTER if shown else 0)
    # Short names stand upright above their columns.
    turned = any(len(name) * LETTER > side for name in shown)
    above = TITLE + 12 + ((beside - TITLE - 12) if turned else 12 if shown else 0)
    whole = side * count
    parts = [
        f'<text class="name" x="{n(beside + whole / 2)}" y="14" text-anchor="middle">{escape(text("predicted class"))}</text>',
        f'<text class="name" transform="translate(14 {n(above + whole / 2)})rotate(-90)" text-anchor="middle">'
        f"{escape(text('true class'))}</text>",
    ]
    for place, name in enumerate(shown):
        middle = (place + 0.5) * side
        parts.append(
            f'<text class="tick" x="{n(beside - 7)}" y="{n(above + middle + 4)}" text-anchor="end">{escape(name)}</text>'
        )
        at = f"{n(beside + middle + (4 if turned else 0))} {n(above - 8)}"
        turn = "rotate(-90)" if turned else ""
        anchor = "start" if turned else "middle"
        parts.append(
            f'<text class="tick" transform="translate({at}){turn}" text-anchor="{anchor}">{escape(name)}</text>'
        )
    for row, counts in enumerate(matrix):
        parts += _row(row, counts, names, side, beside, above)
    right = sum(matrix[place][place] for place in range(count))
    label = text(
        "confusion matrix of {count} classes: {right:,} of {all:,} are right",
        count=count,
        right=right,
        all=sum(map(sum, matrix)),
    )
    width, height = beside + whole + 4, above + whole + 4
    return (
        f'<svg class="matrix" viewBox="0 0 {n(width)} {n(height)}" style="max-width:{n(width * 1.15)}px" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def describe_confusion(count: int, true: str, predicted: str) -> str:
    """`3 taken for 5: 2 times`."""
    return ntext(
        "{true} taken for {predicted}: {count} time",
        "{true} taken for {predicted}: {count} times",
        count=count,
        true=true,
        predicted=predicted,
    )


def find_confused(matrix: Sequence[Sequence[int]], most: int) -> list[tuple[int, int, int]]:
    """The pairs of classes that are confused most: how often, the true class, the predicted one."""
    cells = ((count, row, column) for row, counts in enumerate(matrix) for column, count in enumerate(counts))
    return sorted((cell for cell in cells if cell[0] and cell[1] != cell[2]), key=lambda one: (-one[0], one[1:]))[:most]


def crop(name: str) -> str:
    """A name that fits beside a row."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _row(
    row: int, counts: Sequence[int], names: Sequence[str], side: float, beside: float, above: float
) -> Iterator[str]:
    total = sum(counts) or 1
    size = min(13.0, side * 0.42)
    for column, count in enumerate(counts):
        left, top, share = beside + column * side, above + row * side, count / total
        kind = "right" if row == column else "wrong"
        if not count:
            yield f'<rect class="cell" x="{n(left)}" y="{n(top)}" width="{n(side - 1.5)}" height="{n(side - 1.5)}"/>'
            continue
        said = escape(describe_confusion(count, names[row], names[column]))
        # Never so pale that a single mistake is not seen.
        yield f'<g class="{kind}"><title>{said}</title><rect class="cell" x="{n(left)}" y="{n(top)}" width="{n(side - 1.5)}"'
        yield f' height="{n(side - 1.5)}"/><rect class="full" x="{n(left)}" y="{n(top)}" width="{n(side - 1.5)}" '
        yield f'height="{n(side - 1.5)}" fill-opacity="{0.15 + 0.85 * share:.2f}"/>'
        if side >= NUMBERED:
            tone = ' class="light"' if share > FULL else ""
            yield f'<text{tone} x="{n(left + side / 2 - 0.7)}" y="{n(top + side / 2 + size * 0.36)}" font-size="{n(size)}" '
            yield f'text-anchor="middle">{count}</text>'
        yield "</g>"
