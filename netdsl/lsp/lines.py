"""Positions as the protocol counts them: lines, and characters in the units that the editor has chosen."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Literal

from lsprotocol.types import Position, Range

_BREAK = re.compile(r"\r\n|\n|\r")

Encoding = Literal["utf-8", "utf-16", "utf-32"]


class Lines:
    """The lines of a text, and the way from its offsets to positions and back.

    An offset counts characters. A position counts units of an encoding, in which one character may take several: most
    editors count UTF-16, where `模` is one and an emoji two.
    """

    def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        # Where every character takes one unit, nothing is to be counted.
        self._width = None if text.isascii() or encoding == "utf-32" else _WIDTHS[encoding]

    def position(self, offset: int) -> Position:
        """The position of an offset."""
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        return Position(line, self._units(self.text[start:offset]))

    def range(self, start: int, end: int) -> Range:
        """The range of two offsets."""
        return Range(self.position(start), self.position(end))

    def offset(self, position: Position) -> int:
        """The offset of a position; beyond the end of a line, its end."""
        if position.line >= len(self._starts):
            return len(self.text)
        start, end = self._starts[position.line], self._end(position.line)
        if self._width is None:
            return min(start + position.character, end)
        units = position.character
        for offset in range(start, end):
            if units <= 0:
                return offset
            units -= self._width(self.text[offset])
        return end

    def offsets(self, of: Range) -> tuple[int, int]:
        """The offsets of a range."""
        return self.offset(of.start), self.offset(of.end)

    def line_of(self, offset: int) -> int:
        """The line of an offset, from 0 on."""
        return bisect_right(self._starts, offset) - 1

    def units(self, start: int, end: int) -> int:
        """How many units the characters between two offsets take."""
        return self._units(self.text[start:end])

    def _units(self, text: str) -> int:
        return len(text) if self._width is None else sum(map(self._width, text))

    def _end(self, line: int) -> int:
        """Where a line ends, before its break."""
        if line + 1 == len(self._starts):
            return len(self.text)
        end = self._starts[line + 1] - 1
        return end - (self.text[end] == "\n" and self.text[end - 1 : end] == "\r" and end > self._starts[line])


def _utf16(char: str) -> int:
    return 2 if char > "\uffff" else 1


def _utf8(char: str) -> int:
    return len(char.encode("utf-8", "surrogatepass"))


_WIDTHS: Mapping[str, Callable[[str], int]] = {"utf-16": _utf16, "utf-8": _utf8}
