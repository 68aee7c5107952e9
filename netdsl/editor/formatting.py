"""The canonical text as edits: of the whole, of a part, and of the line that is being begun."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from netdsl.core.diagnostics import Diagnostic, Edit, errors
from netdsl.core.source import Source
from netdsl.editor.cursor import find_cursor
from netdsl.language.formatter import INDENT, format_source
from netdsl.language.recovery.splitter import split


def format_text(source: Source, mistakes: Sequence[Diagnostic] = ()) -> list[Edit]:
    """The edits that give a text its canonical form; none for one with syntax errors.

    A statement with one of the mistakes that a check has found stays as it is.
    """
    formatted, unreadable = format_source(source, mistakes)
    return [] if unreadable else list(_edits(source, formatted))


def format_part(source: Source, start: int, end: int, mistakes: Sequence[Diagnostic] = ()) -> list[Edit]:
    """The edits of the lines between two offsets; a syntax error elsewhere in the text does not matter."""
    formatted, unreadable = format_source(source, mistakes)
    if not unreadable:
        return [edit for edit in _edits(source, formatted) if edit.span.start <= end and start <= edit.span.end]
    return [edit for edit in _statement_edits(source, mistakes) if start <= edit.span.start and edit.span.end <= end]


def indent_line(source: Source, offset: int) -> Edit | None:
    """The edit that indents the line of an offset by the bodies that it stands in; None where it is right."""
    text = source.text
    start = text.rfind("\n", 0, offset) + 1
    line = text[start : max(text.find("\n", start), start) if "\n" in text[start:] else len(text)]
    blanks = len(line) - len(line.lstrip(" \t"))
    depth = len(find_cursor(text, start).around) - line.lstrip().startswith("}")
    indent = INDENT * max(0, depth)
    if line[:blanks] == indent:
        return None
    return Edit(source.span(start, start + blanks), indent)


def _edits(source: Source, formatted: str) -> Iterator[Edit]:
    """A text's changes, line by line, so that a cursor stays where it is."""
    old, new = source.text.splitlines(keepends=True), formatted.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for kind, first, last, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield Edit(source.span(starts[first], starts[last]), "".join(new[begin:end]))


def _statement_edits(source: Source, mistakes: Sequence[Diagnostic]) -> Iterator[Edit]:
    """The canonical form of each statement at the top that can be read by itself and has no mistake."""
    places = sorted(one.span.start for one in errors(mistakes) if one.span.source == source)
    for piece in split(source)[0]:
        if bisect_left(places, piece.start) < bisect_right(places, piece.end):
            continue
        written = source.text[piece.start : piece.end]
        formatted, unreadable = format_source(Source(source.name, written))
        if not unreadable and formatted.rstrip("\n") != written:
            yield Edit(source.span(piece.start, piece.end), formatted.rstrip("\n"))
