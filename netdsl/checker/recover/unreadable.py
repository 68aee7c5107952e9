"""The statements that could not be read. Definitions that they may contain are not reported as missing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from netdsl.core.source import Source, Span
from netdsl.language.statements import BLOCK, LET

# Compiled only when a statement cannot be read.
_WORD = r"[^\W\d]\w*"
_DEFINED = r"([^\W\d]\w*)\s*="
_LABEL = r"\bas\s+([^\W\d]\w*)\s*$"


class Unreadable:
    """The spans of unreadable statements, by source and in the order of the text."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: dict[Source, list[Span]] = {}
        self.add(spans)

    def __bool__(self) -> bool:
        return bool(self._spans)

    def add(self, spans: Iterable[Span]) -> None:
        """Adds the spans of another source."""
        for span in spans:
            self._spans.setdefault(span.source, []).append(span)
        for found in self._spans.values():
            found.sort(key=lambda span: span.start)

    def between(self, source: Source, start: int, end: int) -> list[Span]:
        """The spans that begin between two places of a source."""
        spans = self._spans.get(source, [])
        # Called for each gap between statements, so a scan of all spans would take quadratic time.
        first, last = (bisect_left(spans, at, key=lambda span: span.start) for at in (start, end))
        return spans[first:last]

    def holds(self, word: str) -> bool:
        """Whether one of them begins with a word."""
        return any(first_word(span) == word for spans in self._spans.values() for span in spans)

    def names(self, source: Source) -> Iterator[str]:
        """The variables and blocks that they seem to define."""
        for span in self._spans.get(source, ()):
            word = first_word(span)
            if word == LET.name:
                yield from re.findall(_DEFINED, span.text)
            elif word == BLOCK.name:
                # The word after `block` is its name.
                yield from re.findall(_WORD, span.text)[1:2]


def first_word(span: Span) -> str:
    """The first word of a statement."""
    found = re.match(_WORD, span.text)
    return found.group() if found else ""


def label(span: Span) -> str | None:
    """The label at the end of a statement."""
    found = re.search(_LABEL, span.text)
    return found.group(1) if found else None
