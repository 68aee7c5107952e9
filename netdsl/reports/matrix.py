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
GAP = 1.5
NARROWEST = 52.0
"""Half of the room that the title of an axis takes."""

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
        _words("name", f"{n(beside + whole / 2)} 14", text("predicted class")),
        _words("name", f"14 {n(above + whole / 2)}", text("true class"), turned=True),
    ]
    for place, name in enumerate(shown):
        middle = (place + 0.5) * side
        parts.append(_words("tick", f"{n(beside - 7)} {n(above + middle + 4)}", name, "end"))
        at = f"{n(beside + middle + (4 if turned else 0))} {n(above - 8)}"
        parts.append(_words("tick", at, name, "start" if turned else "middle", turned=turned))
    for row, counts in enumerate(matrix):
        parts += _row(row, counts, names, side, beside, above)
    right = sum(matrix[place][place] for place in range(count))
    label = text(
        "confusion matrix of {count} classes: {right:,} of {all:,} are right",
        count=count,
        right=right,
        all=sum(map(sum, matrix)),
    )
    width, height = max(beside + whole + 4, beside + whole / 2 + NARROWEST), above + whole + 4
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
        share = count / total
        place = f'x="{n(beside + column * side)}" y="{n(above + row * side)}"'
        cell = f'{place} width="{n(side - GAP)}" height="{n(side - GAP)}"'
        if not count:
            yield f'<rect class="cell" {cell}/>'
            continue
        said = escape(describe_confusion(count, names[row], names[column]))
        yield f'<g class="{"right" if row == column else "wrong"}"><title>{said}</title><rect class="cell" {cell}/>'
        # Never so pale that a single mistake is not seen.
        yield f'<rect class="full" {cell} fill-opacity="{0.15 + 0.85 * share:.2f}"/>'
        if side >= NUMBERED:
            tone = ' class="light"' if share > FULL else ""
            middle = f'x="{n(beside + (column + 0.5) * side - 0.7)}" y="{n(above + (row + 0.5) * side + size * 0.36)}"'
            yield f'<text{tone} {middle} font-size="{n(size)}" text-anchor="middle">{count}</text>'
        yield "</g>"


def _words(kind: str, at: str, words: str, anchor: str = "middle", *, turned: bool = False) -> str:
    turn = "rotate(-90)" if turned else ""
    return f'<text class="{kind}" transform="translate({at}){turn}" text-anchor="{anchor}">{escape(words)}</text>'
