"""One statement on its way to being read, perhaps after repairs, with the place that every character comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import count
from operator import eq
from typing import Any, NamedTuple, TypeVar

from netdsl.core.source import Source, Span
from netdsl.language.recovery.splitter import Piece

Node = TypeVar("Node")


class Change(NamedTuple):
    """Put `text` in the place of the characters from `start` up to `end` of a draft."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Draft:
    """The text of a statement, its bodies blanked.

    Args:
        source: where it comes from.
        text: what is read in its stead.
        starts, ends: of every character, where in the source what it stands for begins and ends.
    """

    source: Source
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, source: Source, piece: Piece) -> Draft:
        """The statement as the author wrote it."""
        text = piece.outline(source.text)
        end = piece.start + len(text)
        return cls(source, text, range(piece.start, end), range(piece.start + 1, end + 1))

    @property
    def repaired(self) -> bool:
        """Whether it says anything else than the source does."""
        return not isinstance(self.starts, range)

    @property
    def blank(self) -> bool:
        """Whether nothing of the statement is left."""
        return not self.text.strip()

    def span(self, start: int, end: int) -> Span:
        """Where the characters from `start` up to `end` come from."""
        # The `}` of a body that is never closed stands behind the end of the text.
        last = len(self.source.text)
        if start < end:
            return Span(self.source, min(self.starts[start], last), min(self.ends[end - 1], last))
        place = min(self.starts[start] if start < len(self.text) else self.ends[-1], last)
        return Span(self.source, place, place)

    def untouched(self, change: Change) -> bool:
        """Whether the characters to be changed (or, for an insertion, those beside it) are still the author's."""
        insertion = change.start == change.end
        around = slice(max(0, change.start - insertion), change.end + insertion)
        first = self.starts[around][0]
        return all(map(eq, self.starts[around], count(first))) and all(map(eq, self.ends[around], count(first + 1)))

    def changed(self, changes: Iterable[Change]) -> Draft:
        """The draft after changes that do not overlap."""
        text, starts, ends = self.text, list(self.starts), list(self.ends)
        for start, end, new in sorted(changes, reverse=True):  # the last first: the offsets of the others stay true
            _, first, last = self.span(start, end)
            text = text[:start] + new + text[end:]
            starts[start:end] = [first] * len(new)
            ends[start:end] = [last] * len(new)
        return Draft(self.source, text, starts, ends)

    def relocated(self, node: Node) -> Node:
        """A syntax tree of the draft's text with every span moved to where it comes from."""
        return _relocated(node, lambda span: self.span(span.start, span.end))


def _relocated(node: Node, place: Callable[[Span], Span]) -> Node:
    return replace(node, **{each.name: _moved(getattr(node, each.name), place) for each in fields(node)})  # type: ignore[arg-type, type-var]  # a dataclass


def _moved(value: Any, place: Callable[[Span], Span]) -> Any:
    if isinstance(value, Span):
        return place(value)
    if isinstance(value, tuple):
        return tuple(_moved(element, place) for element in value)
    return _relocated(value, place) if is_dataclass(value) else value
