"""Text with syntax errors to syntax tree: one statement at a time, so that each mistake spoils at most one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from netdsl.core.diagnostics import Diagnostic, Edit, Fix
from netdsl.core.limits import MAX_SYNTAX_ERRORS
from netdsl.core.source import Source, Span
from netdsl.core.text import text
from netdsl.language.lark_parser import Unread, engine
from netdsl.language.recovery import splitter
from netdsl.language.recovery.codes import TOO_MANY_MISTAKES
from netdsl.language.recovery.messages import SyntaxFault, problem
from netdsl.language.recovery.patched_text import Draft
from netdsl.language.recovery.repairs import Repair, repairs
from netdsl.language.recovery.torch_order import IsTorchOrder, never
from netdsl.language.syntax import File, Statement

REPAIR_BUDGET = 100_000
"""How many characters may be read again in search of repairs and behind them: less than half a second's worth."""


def parse_piecewise(source: Source, is_torch_order: IsTorchOrder = never) -> tuple[File, list[Diagnostic]]:
    """The tree of the statements that can be read, and one message for each mistake."""
    pieces, wrong = splitter.split(source)
    return StatementReader(source, wrong, is_torch_order).file(pieces)


ReadWhole = Callable[[Source, splitter.Piece], "Statement | None"]
"""A statement with its bodies, as one that reads it at once gives it; None where it has a mistake."""


class StatementReader:
    """Reads the pieces of a text; after too many mistakes it is hardly a net, and reading stops.

    Args:
        source: the text.
        diagnostics: what is wrong with the marks between the pieces; the mistakes in them are added.
        is_torch_order: what the numbers of a layer's call mean.
        read_whole: reads a piece without mistakes; without it, every piece is read for repairs at once.
    """

    def __init__(
        self,
        source: Source,
        diagnostics: list[Diagnostic],
        is_torch_order: IsTorchOrder,
        read_whole: ReadWhole | None = None,
    ) -> None:
        self.source = source
        self.is_torch_order = is_torch_order
        self.diagnostics = diagnostics
        self.read_whole = read_whole
        self.invalid: list[Span] = []
        self.budget = REPAIR_BUDGET

    def file(self, pieces: Iterable[splitter.Piece]) -> tuple[File, list[Diagnostic]]:
        """The tree of the pieces, and all that is wrong with the text."""
        statements, diagnostics = self.read(pieces), self.diagnostics
        diagnostics.sort(key=lambda diagnostic: diagnostic.span.start)
        if len(diagnostics) > MAX_SYNTAX_ERRORS:
            message = text("more than {limit:,} syntax errors, the rest is not read", limit=MAX_SYNTAX_ERRORS)
            last = diagnostics[MAX_SYNTAX_ERRORS].span
            rest = Diagnostic(TOO_MANY_MISTAKES, message, last, help="is this a `.net` file?")
            diagnostics[MAX_SYNTAX_ERRORS:] = [rest]
        return File(statements, self.source, tuple(self.invalid)), diagnostics

    def read(self, pieces: Iterable[splitter.Piece]) -> tuple[Statement, ...]:
        """The statements that can be read."""
        return tuple(statement for piece in pieces if (statement := self._read(piece)))

    def _read(self, piece: splitter.Piece) -> Statement | None:
        if len(self.diagnostics) > MAX_SYNTAX_ERRORS:
            return None
        whole = self.read_whole and self.read_whole(self.source, piece)
        if whole:
            return whole
        bodies = [self.read(body.pieces) for body in piece.bodies]
        draft: Draft | None = Draft.of(self.source, piece)
        while draft:
            if draft.blank:
                return None
            found = engine().statement(draft)
            if not isinstance(found, Unread):
                return splitter.with_bodies(found, bodies)
            self.budget -= len(draft.text)
            draft = self._report(problem(found, draft), draft)
        self.invalid.append(self.source.span(piece.start, piece.end))
        return None

    def _report(self, wrong: SyntaxFault, draft: Draft) -> Draft | None:
        """Notes a problem; the draft without it, where that can be known."""
        repair = next((repair for repair in self._repairs(draft, wrong) if self._helps(repair, wrong, draft)), None)
        fix = Fix(repair.message, _edits(draft, repair)) if repair else None
        span = draft.span(wrong.start, wrong.end)
        advice = None if fix else wrong.help
        self.diagnostics.append(Diagnostic(wrong.code, wrong.message, span, help=advice, fix=fix))
        return draft.changed(repair.changes) if repair else None

    def _repairs(self, draft: Draft, wrong: SyntaxFault) -> Iterator[Repair]:
        return repairs(draft, wrong, self.is_torch_order)

    def _helps(self, repair: Repair, wrong: SyntaxFault, draft: Draft) -> bool:
        """Whether the statement can be read further once it is repaired."""
        self.budget -= len(draft.text)
        if self.budget < 0 or not all(draft.untouched(change) for change in repair.changes):
            return False
        repaired = draft.changed(repair.changes)
        if repaired.blank:
            return True
        found = engine().statement(repaired, explains=False)
        if not isinstance(found, Unread):
            return True
        left, was_left = len(repaired.text) - found.at, len(draft.text) - wrong.start
        return left < was_left and found.at >= repair.reach


def _edits(draft: Draft, repair: Repair) -> tuple[Edit, ...]:
    return tuple(Edit(draft.span(start, end), text) for start, end, text in repair.changes)
