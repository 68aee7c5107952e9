"""From lark's callbacks to the syntax tree, while lark parses. Nothing here raises."""

from __future__ import annotations

from typing import Any

from lark import Token, Transformer

from netdsl.language import syntax
from netdsl.source import Source, Span

SUFFIXES = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


class TreeBuilder(Transformer[Token, Any]):
    """One method a grammar rule. `source` and `offset` say where the parsed text stands."""

    source: Source
    offset: int = 0

    def _at(self, start: int | None, end: int | None) -> Span:
        size = len(self.source.text)
        return Span(self.source, min((start or 0) + self.offset, size), min((end or 0) + self.offset, size))

    def _over(self, first: Token, last: Token) -> Span:
        return self._at(first.start_pos, last.end_pos)

    def name(self, children: list[Token]) -> syntax.Name:
        (token,) = children
        return syntax.Name(str(token), self._over(token, token))

    def number(self, children: list[Token]) -> syntax.Number:
        (token,) = children
        return syntax.Number(number(token), self._over(token, token))

    def size(self, children: list[Token]) -> syntax.Size:
        (token,) = children
        return syntax.Size(_dims(token), self._over(token, token))

    def string(self, children: list[Token]) -> syntax.String:
        (token,) = children
        return syntax.String(token[1:-1], self._over(token, token))

    def hole(self, children: list[Token]) -> syntax.Hole:
        (token,) = children
        return syntax.Hole(self._over(token, token))

    def sequence(self, children: list[Any]) -> syntax.Sequence:
        return syntax.Sequence(tuple(children[::2]), children[0].span.to(children[-1].span))

    def parenthesis(self, children: list[Any]) -> syntax.Parenthesis:
        opening, inside, closing = children
        return syntax.Parenthesis(inside, self._over(opening, closing))

    def operation(self, children: list[Any]) -> syntax.Operation:
        operands, operators = children[::2], children[1::2]
        span = operands[0].span.to(operands[-1].span)
        return syntax.Operation(tuple(map(str, operators)), tuple(operands), span)

    def negative(self, children: list[Any]) -> syntax.Negative:
        minus, operand = children
        return syntax.Negative(operand, self._over(minus, minus).to(operand.span))

    def flow(self, children: list[Any]) -> syntax.Flow:
        left, arrow, right = children
        span = self._over(arrow, arrow) if left is None else left.span
        return syntax.Flow(left, right, span.to(right.span))

    def short(self, children: list[Token]) -> syntax.Short:
        (token,) = children
        span = self._over(token, token)
        rest = Span(self.source, span.start + 1, span.end)
        if token.type == "HOLED_SHORT":
            return syntax.Short(token[0], syntax.Hole(rest), span)
        dims = _dims(token[1:])
        value = syntax.Size(dims, rest) if len(dims) > 1 else syntax.Number(number(token[1:]), rest)
        return syntax.Short(token[0], value, span)

    def setting(self, children: list[Any]) -> syntax.Setting:
        name, value = children
        return syntax.Setting(name, value, name.span.to(value.span))

    def bound(self, children: list[Any]) -> syntax.Bound:
        name, limit = children
        return syntax.Bound(name, limit, name.span.to(limit.span))

    def body(self, children: list[Any]) -> syntax.Body:
        opening, *statements, closing = children
        return syntax.Body(tuple(statements), self._over(opening, closing))

    def statement(self, children: list[Any]) -> syntax.Statement:
        name, flow, *items, label = children
        last = label or (items[-1] if items else flow or name)
        return syntax.Statement(name, flow, tuple(items), label, name.span.to(last.span))

    def start(self, children: list[syntax.Statement]) -> syntax.File:
        return syntax.File(tuple(children), self.source)


def number(text: str) -> int | float:
    """The value of `-1`, `0.5`, `1e-3`, `1.2M`; infinite where it is too long to be meant."""
    scale = SUFFIXES.get(text[-1], 1)
    digits = text[:-1] if scale > 1 else text
    if len(digits) > 40:
        return float("inf")
    value = float(digits) * scale if set(digits) & set(".eE") else int(digits) * scale
    return int(value) if scale > 1 and value == int(value) else value


def _dims(text: str) -> tuple[int | str, ...]:
    parts = text.split("x")
    return tuple(number(part) if part[-1].isdigit() else part for part in parts)  # type: ignore[misc]  # no fractions
