"""The syntax tree: nodes with exact spans, never changed once they are made.

Two trees are equal when they say the same, wherever they say it: spans take no part in comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from netdsl.core.source import Source, Span

PLACES = ("span", "source", "invalid")
"""The fields that say where a node stands, not what it says."""


class Tree:
    """A node: what it says is compared, hashed and shown; where it says it is not."""

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]]

    def said(self) -> dict[str, object]:
        """Its fields, without its place."""
        return {name: getattr(self, name) for name in self.__match_args__ if name not in PLACES}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Tree) and self.said() == other.said()

    def __hash__(self) -> int:
        return hash((type(self), *self.said().values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.said().items())})"


# Not `frozen`: its checks would cost every command 3 ms before it begins, and a node twice the time to make.
@dataclass(slots=True, eq=False, repr=False)
class Name(Tree):
    """`relu`, `width`, `nn.Hardshrink`, `true`."""

    text: str
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Number(Tree):
    """`-1`, `0.5`, `150k`: an integer unless it has a fraction or an exponent."""

    value: int | float
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Size(Tree):
    """`3x32x32`, `3xHxW`: integers and symbols."""

    dims: tuple[int | str, ...]
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class String(Tree):
    """`"blocks.net"`."""

    text: str
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Hole(Tree):
    """`?`: a value that the checker is asked for."""

    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Negative(Tree):
    """`-width` in parentheses."""

    operand: Term
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Operation(Tree):
    """`width*2//3`: operands joined by operators of one precedence, worked out from left to right."""

    operators: tuple[str, ...]
    operands: tuple[Term, ...]
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Parenthesis(Tree):
    """`(width*2)`."""

    inside: Term
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Sequence(Tree):
    """`0.49,0.48,0.44`."""

    elements: tuple[Value, ...]
    span: Span


Term = Name | Number | Negative | Operation | Parenthesis
Value = Name | Number | Size | String | Hole | Parenthesis | Sequence


@dataclass(slots=True, eq=False, repr=False)
class Flow(Tree):
    """`3->32`, `->32`."""

    left: Value | None
    right: Value
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Short(Tree):
    """`k5`, `k3x5`, `p?`: a letter and what follows it. Where no layer declares the letter it may be a name."""

    letter: str
    value: Number | Size | Hole
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Setting(Tree):
    """`stride=2`."""

    name: Name
    value: Value
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class Bound(Tree):
    """`params<=25M`, `receptive>=224`."""

    name: Name
    limit: Value
    span: Span
    relation: str = "<="


@dataclass(slots=True, eq=False, repr=False)
class Body(Tree):
    """`{ conv 32; relu }`."""

    statements: tuple[Statement, ...]
    span: Span


Item = Short | Setting | Bound | Value | Body


@dataclass(slots=True, eq=False, repr=False)
class Statement(Tree):
    """`conv 3->32 k5 as stem`: a name, a flow, items and bodies in their order, a label."""

    name: Name
    flow: Flow | None
    items: tuple[Item, ...]
    label: Name | None
    span: Span


@dataclass(slots=True, eq=False, repr=False)
class File(Tree):
    """A whole text: its statements, without those that could not be read."""

    statements: tuple[Statement, ...]
    source: Source
    invalid: tuple[Span, ...] = ()


def walk_statements(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    """Statements, each before those in its bodies."""
    for statement in statements:
        yield statement
        for item in statement.items:
            if isinstance(item, Body):
                yield from walk_statements(item.statements)
