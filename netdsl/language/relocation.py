"""A syntax tree in another place: the same statements at other offsets, or in another version of their text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netdsl.core.source import Source, Span
from netdsl.language import syntax
from netdsl.language.syntax import Statement


class Move:
    """Moves nodes into a source, by a number of characters.

    It is written out node by node: a generic copy takes three times as long, and every key press in an editor pays for
    all statements of the text.
    """

    __slots__ = ("by", "source")

    def __init__(self, source: Source, by: int) -> None:
        self.source = source
        self.by = by

    def statement(self, node: Statement) -> Statement:
        """A statement with all that is in it."""
        flow, label = node.flow, node.label
        return Statement(
            self.name(node.name),
            None if flow is None else self.flow(flow),
            tuple([_MOVES[type(item)](self, item) for item in node.items]),
            None if label is None else self.name(label),
            self.span(node.span),
        )

    def span(self, span: Span) -> Span:
        """A place."""
        return Span(self.source, span.start + self.by, span.end + self.by)

    def any(self, node: Any) -> Any:
        """A node of any kind."""
        return _MOVES[type(node)](self, node)

    def name(self, node: syntax.Name) -> syntax.Name:
        """`relu`."""
        return syntax.Name(node.text, self.span(node.span))

    def flow(self, node: syntax.Flow) -> syntax.Flow:
        """`3->32`."""
        left = None if node.left is None else self.any(node.left)
        return syntax.Flow(left, self.any(node.right), self.span(node.span))

    def short(self, node: syntax.Short) -> syntax.Short:
        """`k5`."""
        return syntax.Short(node.letter, self.any(node.value), self.span(node.span))

    def setting(self, node: syntax.Setting) -> syntax.Setting:
        """`stride=2`."""
        return syntax.Setting(self.name(node.name), self.any(node.value), self.span(node.span))


_MOVES: dict[type, Callable[[Move, Any], Any]] = {
    Statement: Move.statement,
    syntax.Name: Move.name,
    syntax.Flow: Move.flow,
    syntax.Short: Move.short,
    syntax.Setting: Move.setting,
    syntax.Number: lambda move, node: syntax.Number(node.value, move.span(node.span)),
    syntax.Size: lambda move, node: syntax.Size(node.dims, move.span(node.span)),
    syntax.String: lambda move, node: syntax.String(node.text, move.span(node.span)),
    syntax.Hole: lambda move, node: syntax.Hole(move.span(node.span)),
    syntax.Negative: lambda move, node: syntax.Negative(move.any(node.operand), move.span(node.span)),
    syntax.Operation: lambda move, node: syntax.Operation(
        node.operators, tuple(map(move.any, node.operands)), move.span(node.span)
    ),
    syntax.Parenthesis: lambda move, node: syntax.Parenthesis(move.any(node.inside), move.span(node.span)),
    syntax.Sequence: lambda move, node: syntax.Sequence(tuple(map(move.any, node.elements)), move.span(node.span)),
    syntax.Bound: lambda move, node: syntax.Bound(
        move.name(node.name), move.any(node.limit), move.span(node.span), node.relation
    ),
    syntax.Body: lambda move, node: syntax.Body(tuple(map(move.statement, node.statements)), move.span(node.span)),
}
