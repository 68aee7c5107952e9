"""Reading the versions of a text: of one that has changed in a few places, only what has changed is read."""

from __future__ import annotations

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source
from netdsl.language.lark_parser import engine
from netdsl.language.recovery import splitter
from netdsl.language.recovery.size_limits import refuse
from netdsl.language.recovery.statement_parser import StatementReader
from netdsl.language.recovery.torch_order import IsTorchOrder, never
from netdsl.language.relocation import Move
from netdsl.language.syntax import File, Statement


class Rereader:
    """Reads texts, and remembers the statements of the two last ones."""

    def __init__(self) -> None:
        self._older: dict[str, Statement] = {}
        self._newer: dict[str, Statement] = {}

    def parse(self, source: Source, is_torch_order: IsTorchOrder = never) -> tuple[File, list[Diagnostic]]:
        """The tree of a text and its syntax errors: what `parse` of `netdsl.language.parser` gives."""
        refused = refuse(source)
        if refused:
            return File((), source, (source.span(0, len(source.text)),)), [refused]
        pieces, wrong = splitter.split(source)
        # What two texts ago was read and is in neither since then is forgotten.
        self._older, self._newer = self._newer, {}
        reader = StatementReader(source, wrong, is_torch_order, self._read)
        return reader.file(pieces)

    def _read(self, source: Source, piece: splitter.Piece) -> Statement | None:
        """The statement of a piece without mistakes; None where it has some."""
        text = source.text[piece.start : piece.end]
        found = self._newer.get(text) or self._older.get(text)
        if found is None:
            file = engine().file(Source("", text))
            if file is None or len(file.statements) != 1:
                return None
            (found,) = file.statements
        self._newer[text] = found
        return Move(source, piece.start).statement(found)
