"""Reading on after a mistake: a text is cut into statements at separators, minding braces, strings and comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from netdsl.diagnostics import Diagnostic, Label
from netdsl.language.syntax import Body, Item, Statement
from netdsl.source import Source

MAX_CHARACTERS = 4 * 1024 * 1024
MAX_LINE = 64 * 1024
MAX_NESTING = 64

_MARK = re.compile(r"""#[^\n]*|"[^"\n]*"|[{}()\n;]""")
_LONG_LINE = re.compile(rf"[^\n]{{{MAX_LINE + 1},}}")
_NESTING = re.compile(r"""#[^\n]*|"[^"\n]*"|[{}()]""")


@dataclass
class Piece:
    """The text of one statement, and of the bodies in it."""

    start: int
    end: int
    bodies: list[PieceBody] = field(default_factory=list)

    def outline(self, text: str) -> str:
        """The statement with the insides of its bodies blanked, every other character in its place."""
        parts, at = [], self.start
        for body in self.bodies:
            parts += [text[at : body.start], "{", " " * (body.end - body.start - 2), "}"]
            at = body.end
        return "".join([*parts, text[at : self.end]])


@dataclass
class PieceBody:
    """The text of a body, braces included."""

    start: int
    end: int = 0
    pieces: list[Piece] = field(default_factory=list)


def refuse(source: Source) -> Diagnostic | None:
    """The error of a text too large, or too deeply nested, to be read at all."""
    text = source.text
    if len(text) > MAX_CHARACTERS or len(text.encode(errors="replace")) > MAX_CHARACTERS:
        return Diagnostic("NET401", "the file is larger than 4 MiB", source.span(0, 0))
    if long := _LONG_LINE.search(text):
        where = source.span(long.start(), long.start() + 1)
        return Diagnostic("NET401", f"the line is longer than {MAX_LINE:,} characters", where)
    depth = 0
    for match in _NESTING.finditer(text):
        mark = match.group()
        depth = depth + 1 if mark in "{(" else max(0, depth - 1) if mark in "})" else depth
        if depth > MAX_NESTING:
            return Diagnostic("NET402", f"nested more than {MAX_NESTING} deep", source.span(*match.span()))
    return None


def split(source: Source) -> tuple[list[Piece], list[Diagnostic]]:
    """The statements of a text as pieces, and the braces that match nothing."""
    splitter = _Splitter(source)
    for match in _MARK.finditer(source.text):
        splitter.mark(match.group(), match.start())
    return splitter.finish()


def with_bodies(statement: Statement, bodies: Sequence[Sequence[Statement]]) -> Statement:
    """The statement with its empty bodies filled in their order."""
    filled = iter(bodies)

    def fill(item: Item) -> Item:
        return replace(item, statements=tuple(next(filled))) if isinstance(item, Body) else item

    return replace(statement, items=tuple(fill(item) for item in statement.items))


class _Splitter:
    """Where each statement begins and ends, one mark at a time."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.pieces: list[Piece] = []
        self.open: list[tuple[Piece, PieceBody]] = []
        self.current = Piece(0, 0)

    def mark(self, mark: str, at: int) -> None:
        """Takes note of a brace, a separator or a comment."""
        if mark == "{":
            body = PieceBody(at)
            self.open.append((self.current, body))
            self.current = Piece(at + 1, at + 1)
        elif mark == "}":
            self._close(at)
        elif mark in "\n;" or mark[0] == "#":
            self._end(at)
            self.current = Piece(at + len(mark), at + len(mark))

    def finish(self) -> tuple[list[Piece], list[Diagnostic]]:
        """Everything found; a body still open is an error and ends with the text."""
        end = len(self.source.text)
        while self.open:
            piece, body = self.open[-1]
            opened = Label(self.source.span(piece.start, body.start), "opened here")
            self._wrong("`{` is never closed", body.start, opened)
            self._close(end)
        self._end(end)
        return self.pieces, self.diagnostics

    def _wrong(self, message: str, at: int, *labels: Label) -> None:
        where = self.source.span(at, at + 1)
        advice = "write `}` after the last statement of the body" if labels else "delete it"
        self.diagnostics.append(Diagnostic("NET003", message, where, labels=labels, help=advice))

    def _close(self, at: int) -> None:
        self._end(at)
        if not self.open:
            self._wrong("`}` closes nothing", at)
            self.current = Piece(at + 1, at + 1)
            return
        piece, body = self.open.pop()
        body.end = max(at + 1, body.start + 2)
        piece.bodies.append(body)
        self.current = piece

    def _end(self, at: int) -> None:
        piece = self.current
        text = self.source.text
        while piece.start < at and text[piece.start].isspace():
            piece.start += 1
        while piece.start < at and text[at - 1].isspace():
            at -= 1
        piece.end = at
        if piece.start < piece.end or piece.bodies:
            (self.open[-1][1].pieces if self.open else self.pieces).append(piece)
