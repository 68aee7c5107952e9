"""Text to syntax tree, with every syntax error of the text at once. The only importer of lark, with the builder."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import lark
from lark.exceptions import UnexpectedInput

from netdsl.diagnostics import Diagnostic
from netdsl.language import recovery
from netdsl.language.builder import TreeBuilder
from netdsl.language.messages import explain
from netdsl.language.syntax import File, Statement
from netdsl.source import Source, Span

MAX_ERRORS = 1000


def parse(source: Source) -> tuple[File, list[Diagnostic]]:
    """The tree of a text and its syntax errors; statements that cannot be read are left out of the tree."""
    refused = recovery.refuse(source)
    if refused:
        return File((), source, (source.span(0, len(source.text)),)), [refused]
    try:
        return _parser().file(source), []
    except UnexpectedInput:
        return _parse_piecewise(source)


def _parse_piecewise(source: Source) -> tuple[File, list[Diagnostic]]:
    """One statement at a time, so that each mistake gives one message and spoils one statement."""
    pieces, diagnostics = recovery.split(source)
    reader = _Reader(source, diagnostics)
    statements = reader.read(pieces)
    diagnostics.sort(key=lambda diagnostic: diagnostic.span.start)
    return File(statements, source, tuple(reader.invalid)), diagnostics


class _Reader:
    """Reads the pieces of a broken text; after too many mistakes it is hardly a net, and reading stops."""

    def __init__(self, source: Source, diagnostics: list[Diagnostic]) -> None:
        self.source = source
        self.diagnostics = diagnostics
        self.invalid: list[Span] = []

    def read(self, pieces: Iterable[recovery.Piece]) -> tuple[Statement, ...]:
        """The statements that can be read."""
        return tuple(statement for piece in pieces if (statement := self._read(piece)))

    def _read(self, piece: recovery.Piece) -> Statement | None:
        if len(self.diagnostics) > MAX_ERRORS:
            return None
        bodies = [self.read(body.pieces) for body in piece.bodies]
        try:
            return recovery.with_bodies(_parser().statement(self.source, piece), bodies)
        except UnexpectedInput as error:
            self._refuse(explain(error, self.source, piece), piece)
            return None

    def _refuse(self, diagnostic: Diagnostic, piece: recovery.Piece) -> None:
        if len(self.diagnostics) == MAX_ERRORS:
            message = f"more than {MAX_ERRORS:,} syntax errors, the rest is not read"
            diagnostic = Diagnostic("NET404", message, diagnostic.span, help="is this a `.net` file?")
        self.diagnostics.append(diagnostic)
        self.invalid.append(self.source.span(piece.start, piece.end))


class _Parser(threading.local):
    """Lark with a tree builder, one for each thread: the builder remembers which text it is reading."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._lark = _load(self._builder)

    def file(self, source: Source) -> File:
        """The tree of a text without mistakes."""
        tree: File = self._parse(source, source.text, 0, "start")
        return tree

    def statement(self, source: Source, piece: recovery.Piece) -> Statement:
        """The tree of one statement, its bodies left empty."""
        tree: Statement = self._parse(source, piece.outline(source.text), piece.start, "statement")
        return tree

    def _parse(self, source: Source, text: str, offset: int, start: str) -> Any:
        self._builder.source, self._builder.offset = source, offset
        return self._lark.parse(text, start=start)


@cache
def _parser() -> _Parser:
    return _Parser()


def _load(builder: TreeBuilder) -> lark.Lark:
    """Lark for our grammar: from its cache file in 2 ms, from the grammar in 25 ms."""
    grammar = files("netdsl.language").joinpath("grammar.lark").read_text(encoding="utf-8")
    name = f"grammar-{sha256(grammar.encode()).hexdigest()[:12]}-lark-{lark.__version__}.cache"
    path = Path(click.get_app_dir("netdsl"), name)
    if path.exists():
        return _lark(grammar, builder, str(path))
    draft = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    parser = _lark(grammar, builder, str(draft))
    with suppress(OSError):
        draft.replace(path)
    return parser


def _lark(grammar: str, builder: TreeBuilder, cache_file: str) -> lark.Lark:
    return lark.Lark(
        grammar,
        parser="lalr",
        start=["start", "statement"],
        maybe_placeholders=True,
        transformer=builder,
        cache=cache_file,
    )
