"""A few lines of a source with marks and captions under them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from netdsl.core.source import Source, Span
from netdsl.render.cells import Paint, char_width, visible, width

Style = dict[str, object]
Row = list[tuple[str, Style | None]]
"""One character a cell, with its style."""

QUIET: Style = {"fg": "blue", "bold": True}


class Mark(NamedTuple):
    """Part of one line, from `start` up to `end` (0-based, in characters), and what stands under it."""

    line: int
    start: int
    end: int
    caption: str
    sign: str
    style: Style


def marks(span: Span, caption: str, sign: str, style: Style) -> list[Mark]:
    """The marks of a span: one, or its first and its last line's, where the caption stands."""
    source, start = span.source, span.start
    # A span may reach over the blanks and the line break behind it.
    end = start + len(span.text.rstrip())
    first, last = source.position(start), source.position(max(start, end))
    if first.line == last.line:
        return [Mark(first.line, first.column - 1, last.column - 1, caption, sign, style)]
    head, tail = _line(source, first.line), _line(source, last.line)
    indent = len(tail) - len(tail.lstrip())
    return [
        Mark(first.line, first.column - 1, len(head.rstrip()), "", sign, style),
        Mark(last.line, indent, last.column - 1, caption, sign, style),
    ]


def snippet(source: Source, found: Iterable[Mark], gutter: int, columns: int, paint: Paint) -> Iterator[str]:
    """The marked lines in their order, each with its marks below it."""
    bar = paint("|", **QUIET)
    for number, group in groupby(sorted(found, key=lambda mark: mark.line), key=lambda mark: mark.line):
        text, placed = _shown(_line(source, number), list(group), columns)
        yield f"{paint(f' {number:>{gutter}} ', **QUIET)}{bar} {text}".rstrip()
        for row in _rows(placed):
            yield f"{' ' * (gutter + 2)}{bar} {_painted(row, paint)}".rstrip()


def _line(source: Source, number: int) -> str:
    starts = source.line_starts
    end = starts[number] - 1 if number < len(starts) else len(source.text)
    return source.text[starts[number - 1] : end].removesuffix("\r")


def _shown(line: str, found: list[Mark], columns: int) -> tuple[str, list[Mark]]:
    """The line as it is shown, cropped around its marks, and the marks with their places in cells."""
    # The line is cropped so that the diagnostic's own mark stays in sight.
    lead = max(found, key=lambda mark: mark.sign == "^").start
    anchor = min(mark.start for mark in found if lead - mark.start <= columns // 2)
    low, high = _window(line, anchor, columns - 2)
    before, after = "…" if low else "", "…" if high < len(line) else ""

    def cell(offset: int) -> int:
        return width(before + line[low : min(offset, high)]) if offset >= low else 0

    # An empty span still gets one sign.
    placed = [mark._replace(start=cell(mark.start), end=max(cell(mark.end), cell(mark.start) + 1)) for mark in found]
    return before + visible(line[low:high]) + after, placed


def _window(line: str, anchor: int, columns: int) -> tuple[int, int]:
    """The part of a line that is shown: all of it where it fits, else what stands around the anchor."""
    # A line of combining characters takes few cells and may yet be endless.
    if len(line) <= columns + 2 and width(line) <= columns + 2:
        return 0, len(line)
    anchor = min(anchor, len(line))
    low = anchor - _reach(reversed(line[max(0, anchor - columns) : anchor]), columns // 3)
    high = low + _reach(iter(line[low : low + columns]), columns)
    # At the end of a line the room to the right goes to the left.
    if high == len(line):
        low = high - _reach(reversed(line[max(0, high - columns) :]), columns)
    return low, high


def _reach(chars: Iterable[str], cells: int) -> int:
    """How many of the characters fit, counting a combining one as a cell so that the count stays small."""
    count = 0
    for char in chars:
        cells -= max(1, char_width(char))
        if cells < 0:
            break
        count += 1
    return count


def _rows(found: list[Mark]) -> Iterator[Row]:
    """The underlines with the last caption beside them, then the others hanging from theirs, from right to left."""
    found = sorted(found, key=lambda mark: (mark.start, mark.sign == "^"))
    underline: Row = []
    # The diagnostic's own signs are drawn last, over those of the labels.
    for mark in sorted(found, key=lambda mark: mark.sign == "^"):
        for cell in range(mark.start, mark.end):
            _put(underline, cell, mark.sign, mark.style)
    last = found[-1]
    # Beside the underline there is room only where nothing stands to the right of it.
    beside = last.end >= len(underline)
    if beside and last.caption:
        _put(underline, last.end + 1, visible(last.caption), last.style)
    yield underline
    yield from _hanging([mark for mark in found if mark.caption and not (beside and mark is last)])


def _hanging(found: Sequence[Mark]) -> Iterator[Row]:
    for count in range(len(found), -1, -1):
        row: Row = []
        for mark in found[:count]:
            _put(row, mark.start, "|", mark.style)
        if count < len(found):
            mark = found[count]
            _put(row, mark.start, visible(mark.caption), mark.style)
        if row:
            yield row


def _put(row: Row, cell: int, text: str, style: Style) -> None:
    row.extend([(" ", None)] * (cell + len(text) - len(row)))
    row[cell : cell + len(text)] = [(char, style) for char in text]


def _painted(row: Row, paint: Paint) -> str:
    runs = ((style, "".join(char for char, _ in run)) for style, run in groupby(row, key=lambda cell: cell[1]))
    return "".join(paint(text, **style) if style else text for style, text in runs)
