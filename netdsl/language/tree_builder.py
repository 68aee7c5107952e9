"""From lark's callbacks to the syntax tree, while lark parses. Nothing here raises."""

from __future__ import annotations

from math import inf
from typing import Any

from lark import Token, Transformer

from netdsl.core.source import Source, Span
from netdsl.language import syntax
from netdsl.language.statements import TAKING_PATHS

SUFFIXES = {"k": 3, "M": 6, "G": 9}
"""The powers of ten that `150k` and its like stand for."""

LONGEST = 40
"""More digits than any number needs, and few enough that Python turns them into one at once."""


class TreeBuilder(Transformer[Token, Any]):
    """One method a grammar rule. `source` and `offset` say where the parsed text stands.

    `glued` collects the offsets of numbers such as the one in `width-1`, which reads like arithmetic and is not, and
    `misplaced` the paths without quotes in statements that take no path, where `width/2` is such arithmetic too.
    """

    source: Source
    offset: int
    glued: list[int]
    misplaced: list[Token]
    _paths: list[Token]

    def begin(self, source: Source, offset: int) -> None:
        """Prepares for a text that stands at an offset of a source."""
        self.source, self.offset, self.glued, self.misplaced, self._paths = source, offset, [], [], []

    def _name(self, token: Any) -> syntax.Name:
        offset = self.offset
        return syntax.Name(token.value, Span(self.source, token.start_pos + offset, token.end_pos + offset))

    def _over(self, first: Any, last: Any) -> Span:
        # A body that is never closed is read with a `}` behind the end of the text.
        end = min(last.end_pos + self.offset, len(self.source.text))
        return Span(self.source, first.start_pos + self.offset, end)

    def _signed(self, token: Any) -> Span:
        span = self._over(token, token)
        # The lexer sees `width` and `-1`, a name and an argument of its own; the author meant a difference.
        if token[0] == "-" and span.start and _ends_operand(self.source.text[span.start - 1]):
            self.glued.append(token.start_pos)
        return span

    def name(self, children: list[Any]) -> syntax.Name:
        return self._name(children[0])

    def number(self, children: list[Any]) -> syntax.Number:
        (token,) = children
        return syntax.Number(number(token.value), self._signed(token))

    def size(self, children: list[Any]) -> syntax.Size:
        (token,) = children
        return syntax.Size(_dims(token.value), self._signed(token))

    def string(self, children: list[Any]) -> syntax.String:
        (token,) = children
        return syntax.String(token.value[1:-1], self._over(token, token))

    def path(self, children: list[Any]) -> syntax.String:
        (token,) = children
        self._paths.append(token)
        return syntax.String(token.value, self._over(token, token))

    def hole(self, children: list[Any]) -> syntax.Hole:
        (token,) = children
        return syntax.Hole(self._over(token, token))

    # Every other child is the comma between two elements.
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
        start = arrow.start_pos + self.offset if left is None else left.span.start
        return syntax.Flow(left, right, Span(self.source, start, right.span.end))

    def short(self, children: list[Any]) -> syntax.Short:
        (token,) = children
        text, span = token.value, self._over(token, token)
        rest = Span(self.source, span.start + 1, span.end)
        value: syntax.Number | syntax.Size | syntax.Hole
        if token.type == "HOLED_SHORT":
            value = syntax.Hole(rest)
        elif "x" in text[1:]:
            value = syntax.Size(_dims(text[1:]), rest)
        else:
            value = syntax.Number(_integer(text[1:]), rest)
        return syntax.Short(text[0], value, span)

    def setting(self, children: list[Any]) -> syntax.Setting:
        name, value = self._name(children[0]), children[1]
        return syntax.Setting(name, value, name.span.to(value.span))

    def bound(self, children: list[Any]) -> syntax.Bound:
        name, (relation, limit) = self._name(children[0]), children[1:]
        return syntax.Bound(name, limit, name.span.to(limit.span), str(relation))

    def body(self, children: list[Any]) -> syntax.Body:
        opening, *statements, closing = children
        return syntax.Body(tuple(statements), self._over(opening, closing))

    def statement(self, children: list[Any]) -> syntax.Statement:
        name, flow, *items, token = children
        # A statement in a body is read before the one that the body belongs to, whose paths stand further ahead.
        while self._paths and self._paths[-1].start_pos >= name.start_pos:
            path = self._paths.pop()
            if name.value not in TAKING_PATHS:
                self.misplaced.append(path)
        name = self._name(name)
        label = token and self._name(token)
        last = label or (items[-1] if items else flow or name)
        return syntax.Statement(name, flow, tuple(items), label, name.span.to(last.span))

    def start(self, children: list[syntax.Statement]) -> syntax.File:
        return syntax.File(tuple(children), self.source)


def number(text: str) -> int | float:
    """The value of `-1`, `0.5`, `1e-3`, `1.2M`; infinite where it is too long to be meant."""
    if text.isdecimal():
        return _integer(text)
    if text[0] == "-":
        return -number(text[1:])
    power = SUFFIXES.get(text[-1], 0)
    digits, scale = (text[:-1], int(10**power)) if power else (text, 1)
    if digits.isdecimal():
        return _integer(digits) * scale
    # `1.1M` as 1.1e6 is exact, where 1.1 * 10**6 is not.
    value = float(digits) * scale if "e" in digits.lower() else float(f"{digits}e{power}")
    return int(value) if power and value.is_integer() else value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST else inf


def _dims(text: str) -> tuple[int | str, ...]:
    parts = text.split("x")
    return tuple(_integer(part) if part[-1].isdecimal() else part for part in parts)  # type: ignore[misc]  # no fractions


def _ends_operand(char: str) -> bool:
    return char.isalnum() or char in '_)"'
