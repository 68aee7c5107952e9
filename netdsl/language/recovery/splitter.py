"""Reading on after a mistake: a text is cut into statements at separators, minding braces, strings and comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix
from netdsl.core.limits import MAX_SYNTAX_ERRORS
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.language.recovery.codes import UNMATCHED_BRACE, UNREADABLE_CHARACTER
from netdsl.language.recovery.size_limits import WIDE_SIGNS
from netdsl.language.syntax import Body, Item, Statement

LOOKALIKES = {**WIDE_SIGNS, "//": "#"}
"""Signs of other keyboards and languages, each read as what is meant by it."""

# The repetitions are possessive (`++`): a megabyte of blanks must not be tried in every way of parting it.
_MARK = re.compile(
    r"""(?:[;\n]|\#[^\n]*+)(?:[; \t\r\n]++|\#[^\n]*+)*+  # a separator, or as many as stand together
    | [{}；｛｝] | ＃[^\n]*
    | (?:(?<=[\s;{}])|\A)//(?![ \t]*[\d(]|[^\n]{0,200}\))[^\n]*  # a comment of C's, not a division
    | "[^"\n]*" | \([^(){}\#"\n;]*\)""",
    re.VERBOSE,
)

BLANK = " \t\r\n\ufeff"
CLOSE = "write `}` after the last statement of the body"


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
        # A line break ends a statement; within one it stands in a body, which is blank here anyway.
        return "".join([*parts, text[at : self.end]]).replace("\r\n", "  ").replace("\n", " ")


@dataclass
class PieceBody:
    """The text of a body, braces included."""

    start: int
    end: int = 0
    pieces: list[Piece] = field(default_factory=list)


def split(source: Source) -> tuple[list[Piece], list[Diagnostic]]:
    """The statements of a text as pieces, and what is wrong with the marks between them.

    A brace left open could end anywhere; where the indentation agrees that just one is missing, it says where.
    """
    found = _Splitter(source).run()
    if found.unclosed:
        indented = _IndentedSplitter(source).run()
        if indented.plausible and len(indented.unclosed) == len(found.unclosed):
            found = indented
    return found.pieces, found.wrong + found.unclosed


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
        self.text = source.text
        self.pieces: list[Piece] = []
        self.wrong: list[Diagnostic] = []
        self.unclosed: list[Diagnostic] = []
        self.open: list[tuple[Piece, PieceBody]] = []
        self.current = Piece(0, 0)

    def run(self) -> Self:
        """Goes through the text; a body still open at its end ends there."""
        for match in _MARK.finditer(self.text):
            if len(self.wrong) > MAX_SYNTAX_ERRORS:
                break
            self._mark(self._sign(match), *match.span())
        while self.open:
            self._leave_open(len(self.text))
        self._end_statement(len(self.text))
        return self

    def _sign(self, match: re.Match[str]) -> str:
        """What a mark begins with, or looks as if it did."""
        written = "//" if match[0].startswith("//") else match[0][0]
        sign = LOOKALIKES.get(written, written)
        if sign != written:
            self._wrong(
                UNREADABLE_CHARACTER,
                text("cannot read `{written}`", written=written),
                match.start(),
                text("write `{sign}`", sign=sign),
                sign,
                len(written),
            )
        return sign

    def _wrong(self, code: Code, message: str, at: int, advice: str, text: str, length: int = 1) -> None:
        """Notes a sign that must be another, or none."""
        span = self.source.span(at, at + length)
        self.wrong.append(Diagnostic(code, message, span, fix=Fix(advice, (Edit(span, text),))))

    def _mark(self, sign: str, start: int, end: int) -> None:
        if sign == "{":
            self._adopt(start)
            self.open.append((self.current, PieceBody(start)))
            self.current = Piece(end, end)
        elif sign == "}":
            self._close(start, end)
        elif sign in ";\n#":
            self._end_statement(start)
            self.current = Piece(end, end)

    def _adopt(self, start: int) -> None:
        """Goes on with the statement above where a brace begins a line of its own."""
        above = self._siblings[-1] if self._siblings else None
        if above and not self.text[above.end : start].strip(BLANK):
            self.current = self._siblings.pop()
            fix = Fix("put it on the line of its statement", (Edit(self.source.span(above.end, start), " "),))
            span = self.source.span(start, start + 1)
            self.wrong.append(Diagnostic(UNMATCHED_BRACE, "`{` begins a line", span, fix=fix))

    @property
    def _siblings(self) -> list[Piece]:
        return self.open[-1][1].pieces if self.open else self.pieces

    def _close(self, start: int, end: int) -> None:
        if self.open:
            self._end_body(start, end)
            return
        self._end_statement(start)
        self.current = Piece(end, end)
        follows = re.compile(r"[ \t]*[^\s;#}]").match(self.text, end)
        advice, text = ("write `;`", ";") if follows else ("delete it", "")
        self._wrong(UNMATCHED_BRACE, "`}` closes nothing", start, advice, text)

    def _leave_open(self, end: int) -> None:
        opening = self.open[-1][1].start
        self._end_body(end, end)
        span = self.source.span(opening, opening + 1)
        self.unclosed.append(Diagnostic(UNMATCHED_BRACE, "`{` is never closed", span, help=CLOSE))

    def _end_body(self, inside: int, end: int) -> None:
        self._end_statement(inside)
        piece, body = self.open.pop()
        body.end = max(end, body.start + 2)  # one left open at the very end still needs room for `{` and `}`
        piece.bodies.append(body)
        self.current = piece

    def _end_statement(self, at: int) -> None:
        piece, text = self.current, self.text
        while piece.start < at and text[piece.start] in BLANK:
            piece.start += 1
        while piece.start < at and text[at - 1] in BLANK:
            at -= 1
        piece.end = at
        if piece.start < piece.end or piece.bodies:
            self._siblings.append(piece)


class _IndentedSplitter(_Splitter):
    """The same by the author's indentation: a line that stands no further in than a body's first ends it."""

    plausible = True

    def _mark(self, sign: str, start: int, end: int) -> None:
        super()._mark(sign, start, end)
        line = self.text.rfind("\n", start, end) + 1
        if line and sign in ";\n#" and end < len(self.text):
            self._dedent(line, len(self.text[line:end].expandtabs()), closing=self.text[end] == "}")

    def _dedent(self, line: int, column: int, closing: bool) -> None:
        """Leaves the bodies that a line stands outside of, by where its first character is."""
        while self.open and column < len(self._indent(self.open[-1][1]).expandtabs()) + (not closing):
            self._leave_open(line)
            self._end_statement(line)
            self.current = Piece(line, line)

    def _leave_open(self, end: int) -> None:
        body = self.open[-1][1]
        super()._leave_open(end)
        self.plausible &= bool(body.pieces)
        brace = self._indent(body) + "}"
        line = f"{brace}\n" if self.text[end - 1] == "\n" else f"\n{brace}"
        fix = Fix(CLOSE, (Edit(self.source.span(end, end), line),))
        self.unclosed[-1] = self.unclosed[-1]._replace(help=None, fix=fix)

    def _indent(self, body: PieceBody) -> str:
        """The white space that the line of a body's brace begins with."""
        line = self.text.rfind("\n", 0, body.start) + 1
        first = re.compile(r"[^ \t]").search(self.text, line)
        return self.text[line : first.start() if first else line]
