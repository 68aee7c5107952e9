"""Statements that a checked net lacks, because nobody knows what they are: an unknown layer, a statement half written.

They are found in the text: by the mistake in them, and by the brace that they stand in, which says where they belong.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source, Span
from netdsl.language.statements import AT_THE_TOP, REPEAT

TOKEN = re.compile(r'"[^"\n]*"?|#[^\n]*|[;{}\n]')
"""What parts statements, and what hides such a character."""

TOP = -1
"""The place of the brace that the statements of the net itself stand in."""

Place = tuple[Source, int]
"""A source, and where the brace opens in it."""


class LostStatement(NamedTuple):
    """A statement and the numbers of its mistakes."""

    span: Span
    mistakes: tuple[int, ...]


class _Braces:
    """Which brace each place of a text stands in, and where its statement begins and ends."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._statements: dict[int, Span] = {}
        self._starts, self._ends, self._inside = [0], list[int](), [TOP]
        opened = [TOP]
        for found in TOKEN.finditer(source.text):
            mark = found.group()
            if mark[0] == '"':
                continue
            self._ends.append(found.start())
            if mark == "{":
                opened.append(found.start())
            elif mark == "}" and len(opened) > 1:
                opened.pop()
            self._starts.append(found.end())
            self._inside.append(opened[-1])
        self._ends.append(len(source.text))

    def around(self, at: int) -> int:
        """The brace around a place."""
        return self._inside[self._piece(at)]

    def statement(self, at: int) -> Span:
        """The statement at a place."""
        piece = self._piece(at)
        if piece not in self._statements:
            written = self.source.text[self._starts[piece] : self._ends[piece]]
            start = self._starts[piece] + len(written) - len(written.lstrip())
            self._statements[piece] = Span(self.source, start, start + len(written.strip()))
        return self._statements[piece]

    def _piece(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1


class LostStatements:
    """Those of a net, by where they belong; `mistakes` are the numbers of theirs.

    Args:
        source: the text of the net.
        mistakes: all that is wrong with it.
        owned: for each node of the net where it stands, and which of the mistakes stand in it.
    """

    def __init__(self, source: Source, mistakes: Sequence[Diagnostic], owned: Iterable[tuple[Span, set[int]]]) -> None:
        self.top = source, TOP
        self._braces = {text: _Braces(text) for text in {one.span.source for one in mistakes}}
        self.at: dict[Place, list[LostStatement]] = {}
        self._known = set[Place]()
        held = set[tuple[int, Place]]()
        for span, numbers in owned:
            if (place := self.place(span)) is not None:
                self._known.add(place)
                held |= {(number, place) for number in numbers}
        found: dict[Place, dict[Span, list[int]]] = {}
        known: dict[Span, tuple[Place, Span] | None] = {}  # a long statement may have thousands of mistakes
        for number, mistake in enumerate(mistakes):
            statement = self._braces[mistake.span.source].statement(mistake.span.start)
            if statement not in known:
                known[statement] = self._settle(mistake.span)
            settled = known[statement]
            if settled is not None and (number, settled[0]) not in held:
                found.setdefault(settled[0], {}).setdefault(settled[1], []).append(number)
        for where, statements in found.items():
            self.at[where] = [LostStatement(span, tuple(numbers)) for span, numbers in statements.items()]
        self.mistakes = frozenset(number for all_of in self.at.values() for one in all_of for number in one.mistakes)

    def place(self, span: Span) -> Place | None:
        """Where a statement stands; None in a text without mistakes."""
        return self._around(span) if span.source in self._braces else None

    def among(self, spans: Iterable[Span], *, top: bool = False) -> list[LostStatement]:
        """Those that stand beside some statements; at the `top`, all that stand in no brace."""
        places = {place for span in spans if (place := self.place(span)) is not None}
        if top:
            places.add(self.top)
        return sorted((one for place in places for one in self.at.get(place, ())), key=lambda one: one.span.start)

    def _around(self, span: Span) -> Place:
        return span.source, self._braces[span.source].around(span.start)

    def _settle(self, span: Span) -> tuple[Place, Span] | None:
        """Where a mistake is drawn, and the statement: the innermost beside which a node of the net may stand."""
        source, braces = span.source, self._braces[span.source]
        brace, statement = braces.around(span.start), braces.statement(span.start)
        while _is_of_net(statement):
            if (place := (source, brace)) in self._known or place == self.top:
                return place, statement
            if brace == TOP or not _is_of_net(head := braces.statement(brace)):
                return None
            # A `repeat` is no node: what is in it stands beside those around it.
            statement = statement if head.text.startswith(REPEAT.name) else head
            brace = braces.around(brace)
        return None


def _is_of_net(statement: Span) -> bool:
    words = statement.text.split(maxsplit=1)
    return bool(words) and words[0] not in AT_THE_TOP
