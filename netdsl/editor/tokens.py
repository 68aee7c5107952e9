"""The words and signs of a text with what they are, for colours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from netdsl.editor.occurrences import Kind as Meaning
from netdsl.editor.occurrences import Occurrence, find_occurrences
from netdsl.editor.reading import Reading

Kind = Literal[
    "comment", "string", "number", "operator", "keyword", "layer", "block", "component", "variable", "parameter",
    "setting", "word", "label",
]  # fmt: skip

_MARK = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<string>"[^"\n]*"?)
    | (?P<operator>->|<=|>=|//|[=+*/%?-])
    | (?P<number>(?<![\w.])(?:\d[\w.]*|[A-Za-z]\d+(?:x\d+)*(?![\w.])|[A-Z](?:x(?:\d+|[A-Z]))+(?![\w.])))
    | (?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)""",
    re.VERBOSE,
)
_KINDS: dict[Meaning, Kind] = {
    "statement": "keyword",
    "layer": "layer",
    "block": "block",
    "component": "component",
    "variable": "variable",
    "parameter": "parameter",
    "setting": "setting",
    "word": "word",
    "label": "label",
    "variant": "label",
    "branch": "keyword",
    "library": "string",
    "file": "string",
}


class Token(NamedTuple):
    """A word or a sign. `defines` says that a name is given its meaning here."""

    start: int
    end: int
    kind: Kind
    defines: bool = False


def tokens(reading: Reading, start: int = 0, end: int | None = None) -> list[Token]:
    """The words and signs between two offsets, in the order of the text; none reaches over a line break."""
    end = len(reading.text) if end is None else end
    meanings = {one.span.start: one for one in find_occurrences(reading)}
    # Whether a `#` begins a comment is known from the start of its line on.
    first = reading.text.rfind("\n", 0, start) + 1
    return [token for token in _tokens(reading.text, first, end, meanings) if token.end > start]


def _tokens(text: str, start: int, end: int, meanings: dict[int, Occurrence]) -> Iterator[Token]:
    for mark in _MARK.finditer(text, start, end):
        meaning = meanings.get(mark.start())
        kind = mark.lastgroup
        if meaning is not None and kind in ("name", "number"):
            # `k5` is one word; a name with a point, such as `optimizer.lr`, is one too, unless its parts have meanings.
            end = meaning.span.end if meaning.span.end + 1 in meanings else mark.end()
            yield Token(mark.start(), end, _KINDS[meaning.kind], meaning.defines)
            if end < mark.end():
                yield Token(end + 1, mark.end(), _KINDS[meanings[end + 1].kind])
        elif kind == "name":
            if mark[0] == "as":
                yield Token(*mark.span(), "keyword")
        elif kind is not None:
            yield Token(*mark.span(), kind)  # type: ignore[arg-type]  # the other groups are kinds
