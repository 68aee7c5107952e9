"""The syntax tree: frozen nodes with exact spans. Two trees are equal when they say the same, wherever they say it:
spans take no part in comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from netdsl.source import Source, Span


@dataclass(frozen=True, slots=True)
class Name:
    """`relu`, `width`, `nn.Hardshrink`, `true`."""

    text: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number:
    """`-1`, `0.5`, `150k`: an integer unless it has a fraction or an exponent."""

    value: int | float
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Size:
    """`3x32x32`, `3xHxW`: integers and symbols."""

    dims: tuple[int | str, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class String:
    """`"blocks.net"`."""

    text: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Hole:
    """`?`: a value that the checker is asked for."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """`-width` in parentheses."""

    operand: Term
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """`width*2//3`: operands joined by operators of one precedence, worked out from left to right."""

    operators: tuple[str, ...]
    operands: tuple[Term, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parenthesis:
    """`(width*2)`."""

    inside: Term
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """`0.49,0.48,0.44`."""

    elements: tuple[Value, ...]
    span: Span = field(compare=False, repr=False)


Term = Name | Number | Negative | Operation | Parenthesis
Value = Name | Number | Size | String | Hole | Parenthesis | Sequence


@dataclass(frozen=True, slots=True)
class Flow:
    """`3->32`, `->32`."""

    left: Value | None
    right: Value
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Short:
    """`k5`, `k3x5`, `p?`: a letter and what follows it. Where no layer declares the letter it may be a name."""

    letter: str
    value: Number | Size | Hole
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Setting:
    """`stride=2`."""

    name: Name
    value: Value
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """`params<=25M`, `receptive>=224`."""

    name: Name
    limit: Value
    span: Span = field(compare=False, repr=False)
    relation: str = "<="


@dataclass(frozen=True, slots=True)
class Body:
    """`{ conv 32; relu }`."""

    statements: tuple[Statement, ...]
    span: Span = field(compare=False, repr=False)


Item = Short | Setting | Bound | Value | Body


@dataclass(frozen=True, slots=True)
class Statement:
    """`conv 3->32 k5 as stem`: a name, a flow, items and bodies in their order, a label."""

    name: Name
    flow: Flow | None
    items: tuple[Item, ...]
    label: Name | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class File:
    """A whole text: its statements, without those that could not be read."""

    statements: tuple[Statement, ...]
    source: Source = field(compare=False, repr=False)
    invalid: tuple[Span, ...] = field(default=(), compare=False, repr=False)
