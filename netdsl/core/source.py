"""Where text comes from: a source, a span of it, and the line and column of an offset."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from netdsl.core.records import record


class Position(NamedTuple):
    """A place as people count it: 1-based line, 1-based column in characters."""

    line: int
    column: int


# Compared by identity: two files with one text are two files, and to compare texts of megabytes would take time.
@record(frozen=True, eq=False)
class Source:
    """A text and the name that messages call it by (a path as the user wrote it, or `<text>`).

    `beside` is the folder that paths in it are relative to; empty where that is the folder of its name.
    """

    name: str
    text: str
    beside: str = ""

    @property
    def folder(self) -> Path:
        """The folder that paths in it are relative to."""
        return Path(self.beside) if self.beside else Path(self.name).parent

    @property
    def is_file(self) -> bool:
        """Whether it has a path; `<text>` and `<stdin>` have none."""
        return not self.name.startswith("<")

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line begins."""
        # The last sum is where a line behind the end would begin.
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))][:-1]

    def position(self, offset: int) -> Position:
        """Line and column of a 0-based offset."""
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a 1-based line, without its line break."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")

    def span(self, start: int, end: int) -> Span:
        """The characters from `start` up to, not including, `end`."""
        return Span(self, start, end)

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Span(NamedTuple):
    """A half-open range of characters in one source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    @property
    def position(self) -> Position:
        """Where the span begins."""
        return self.source.position(self.start)

    @property
    def end_position(self) -> Position:
        """The position just past the last character."""
        return self.source.position(self.end)

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of another."""
        return Span(self.source, self.start, other.end)
