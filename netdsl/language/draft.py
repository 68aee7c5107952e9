"""One statement on its way to being read, perhaps after repairs, with the place that every character comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar

from netdsl.language.recovery import Piece
from netdsl.source import Source, Span

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
        origins: the offset in the source of every character and of the end.
    """

    source: Source
    text: str
    origins: Sequence[int]

    @classmethod
    def of(cls, source: Source, piece: Piece) -> Draft:
        """The statement as the author wrote it."""
        text = piece.outline(source.text)
        return cls(source, text, range(piece.start, piece.start + len(text) + 1))

    @property
    def repaired(self) -> bool:
        """Whether it says anything else than the source does."""
        return not isinstance(self.origins, range)

    def span(self, start: int, end: int) -> Span:
        """Where the characters from `start` up to `end` come from."""
        return Span(self.source, self.origins[start], self.origins[end])

    def untouched(self, change: Change) -> bool:
        """Whether the characters to be changed (or, for an insertion, those beside it) are still the author's."""
        beside = change.start == change.end
        around = self.origins[max(0, change.start - beside) : change.end + 1 + beside]
        return around[-1] - around[0] == len(around) - 1

    def changed(self, changes: Iterable[Change]) -> Draft:
        """The draft after changes that do not overlap."""
        text, origins = self.text, list(self.origins)
        for start, end, new in sorted(changes, reverse=True):
            text = text[:start] + new + text[end:]
            origins[start:end] = [origins[start]] * len(new)
        return Draft(self.source, text, origins)


def relocated(node: Node, place: Callable[[Span], Span]) -> Node:
    """A syntax tree with every span moved to its place."""
    return replace(node, **{each.name: _moved(getattr(node, each.name), place) for each in fields(node)})  # type: ignore[arg-type, type-var]  # a dataclass


def _moved(value: Any, place: Callable[[Span], Span]) -> Any:
    if isinstance(value, Span):
        return place(value)
    if isinstance(value, tuple):
        return tuple(_moved(element, place) for element in value)
    return relocated(value, place) if is_dataclass(value) else value
