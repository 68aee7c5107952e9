"""From the values of the syntax tree to Python values: looks up names, does arithmetic, converts types."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache, reduce
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from netdsl.checker.arguments.codes import TOO_LARGE, UNKNOWN_NAME, WRONG_VALUE, unknown_name
from netdsl.checker.context import Context
from netdsl.checker.names.scope import MISSING, Scope, Word
from netdsl.components import Parameter
from netdsl.components.component import LabelledOutput
from netdsl.core.diagnostics import Code
from netdsl.core.limits import MAX_ELEMENTS, MAX_INTEGER
from netdsl.core.sizes import UNKNOWN, Expr, Unknown, format_shape, symbol
from netdsl.core.source import Span
from netdsl.core.text import join_or, text
from netdsl.language import syntax

IMPOSSIBLE_ARITHMETIC = Code(
    "NET112",
    title="arithmetic that comes to nothing",
    meaning=(
        "Arithmetic is over numbers and their names, in parentheses: `+ - * / // %`, and the comparisons `< <= > >= == "
        "!=`, which are 1 where they hold, else 0."
    ),
    example="let width=64\nconv 3->(width//0) k3",
    instead="let width=64\nconv 3->(width//2) k3",
)


INVALID: Final = object()
"""The value of an expression with a mistake, which is reported already."""


class HoleValue:
    """The value of `?` until the checker has found a number."""

    def __str__(self) -> str:
        return "?"


HOLE: Final = HoleValue()


def evaluate(value: syntax.Value | syntax.Term, scope: Scope, context: Context) -> object:
    """The value of an expression: a number, a bool, a text, a `Word`, a tuple of them, a symbolic size, `HOLE`."""
    if isinstance(value, syntax.Number):
        return _number(value, context)
    if isinstance(value, syntax.Name):
        found = scope.lookup(value.text)
        return Word(value.text, value.span) if found is MISSING else found
    if isinstance(value, syntax.Size):
        return _size(value, scope, context)
    if isinstance(value, syntax.String):
        is_quoted = value.span.text[:1] == '"' or not value.span.text
        return value.text if is_quoted else Word(value.text, value.span)
    if isinstance(value, syntax.Sequence):
        elements = [evaluate(element, scope, context) for element in value.elements]
        return INVALID if any(element is INVALID for element in elements) else tuple(elements)
    return HOLE if isinstance(value, syntax.Hole) else _arithmetic(value, scope, context)


def _number(value: syntax.Number, context: Context) -> object:
    if isinstance(value.value, float) and not isfinite(value.value):
        context.report(TOO_LARGE, "the number is too large", value.span)
        return INVALID
    return value.value


def _size(value: syntax.Size, scope: Scope, context: Context) -> object:
    dims = [_dim(dim, value.span, scope, context) for dim in value.dims]
    return INVALID if any(dim is INVALID for dim in dims) else tuple(dims)


def _dim(dim: int | float | str, span: Span, scope: Scope, context: Context) -> object:
    """One size of several. A letter is the variable of that name, or else a symbol."""
    found = scope.lookup(dim) if isinstance(dim, str) else dim
    if found is MISSING:
        return symbol(str(dim))
    # An unknown or invalid size is reported already.
    if isinstance(found, (Expr, Unknown)) or found is INVALID or (type(found) is int and found < MAX_INTEGER):
        return found
    if isinstance(dim, str) and not isinstance(found, int):
        context.report(
            WRONG_VALUE, text("a size is a whole number, but `{name}` is {value}", name=dim, value=show(found)), span
        )
    else:
        context.report(TOO_LARGE, "a size must be below 2^31", span)
    return INVALID


def _arithmetic(term: syntax.Term, scope: Scope, context: Context) -> object:
    if isinstance(term, syntax.Operation):
        first, *rest = (_arithmetic(operand, scope, context) for operand in term.operands)
        steps = zip(term.operators, rest, strict=True)
        return reduce(lambda left, step: _operate(step[0], left, step[1], term.span, scope, context), steps, first)
    if isinstance(term, syntax.Negative):
        operand = _arithmetic(term.operand, scope, context)
        return operand if operand is INVALID else _operate("-", 0, operand, term.span, scope, context)
    if isinstance(term, syntax.Parenthesis):
        return _arithmetic(term.inside, scope, context)
    value = evaluate(term, scope, context)
    if isinstance(value, Word):
        # `in` and `features` are known names, even if no input is known yet.
        known = {*scope.variable_names(), "in", "features"}
        advice = text(
            "names in arithmetic are those of `let`, the open sizes of `input`, and `in` and `features`, "
            "the first and the last size of what comes in"
        )
        near = context.report.unknown(UNKNOWN_NAME, unknown_name(value), value, term.span, known, advice)
        value = scope.lookup(near) if near else INVALID
    if value is not INVALID and not _is_number(value):
        context.report(
            IMPOSSIBLE_ARITHMETIC,
            text("arithmetic needs numbers, but `{term}` is {value}", term=term.span.text, value=show(value)),
            term.span,
        )
        return INVALID
    return value


def _is_number(value: object) -> bool:
    # For Python a bool is an int.
    return isinstance(value, (int, float, Expr, Unknown)) and not isinstance(value, bool)


def _operate(sign: str, left: object, right: object, span: Span, scope: Scope, context: Context) -> object:
    if left is INVALID or right is INVALID:
        return INVALID
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return UNKNOWN
    # Python's own error would name neither the operator nor the place.
    if sign in ("/", "//", "%") and right == 0:
        context.report(IMPOSSIBLE_ARITHMETIC, "division by zero", span, scope.caption(span))
        return INVALID
    try:
        if (isinstance(left, Expr) and isinstance(right, float)) or (
            isinstance(left, float) and isinstance(right, Expr)
        ):
            raise TypeError("a size that is open takes part in arithmetic over whole numbers alone")
        value = _OPERATORS[sign](left, right)
    except (TypeError, ValueError, OverflowError):
        context.report(
            IMPOSSIBLE_ARITHMETIC,
            text(
                "`{operator}` cannot be worked out for {left} and {right}",
                operator=sign,
                left=show(left),
                right=show(right),
            ),
            span,
            scope.caption(span),
        )
        return INVALID
    # Above 2^53 a float cannot hold every integer, so results would be rounded silently.
    if isinstance(value, (int, float)) and abs(value) >= MAX_ELEMENTS:
        context.report(TOO_LARGE, "the result is 2^53 or more", span)
        return INVALID
    return value


def _divide(left: Any, right: Any) -> Any:
    # Python's `/` gives a float even for a whole result, and sizes must be integers.
    whole = isinstance(left, int) and isinstance(right, int) and left % right == 0
    return left // right if whole else left / right


def _comparing(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], int]:
    """A comparison as arithmetic: 1 where it holds, else 0."""

    def decide(left: Any, right: Any) -> int:
        # Two formulas that differ may be equal at some size: which, nobody can say before the sizes are known.
        if isinstance(left, Expr) or isinstance(right, Expr):
            raise TypeError("an open size cannot be compared with anything")
        return int(compare(left, right))

    return decide


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_OPERATORS: Final[dict[str, Callable[[Any, Any], object]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
    **{sign: _comparing(compare) for sign, compare in _COMPARISONS.items()},
}
Converter = Callable[[object], object]
"""A value converted to the parameter's type, or `INVALID`."""


# Deep nets bind the same few parameters again and again. In an editor, blocks bring new parameters at each change.
@lru_cache(maxsize=1024)
def converter(parameter: Parameter) -> Converter:
    """The function that converts a value to the parameter's type."""
    return _first(parameter.options)


def _first(types: tuple[object, ...]) -> Converter:
    options = [_converter(option) for option in types]
    if len(options) == 1:
        return options[0]

    def first_that_fits(value: object) -> object:
        return next((found for option in options if (found := option(value)) is not INVALID), INVALID)

    return first_that_fits


def _converter(option: object) -> Converter:
    if option in _PLAIN:
        return _PLAIN[option]
    if get_origin(option) is Literal:
        words = get_args(option)
        # `none` has become Python's None before the words of the parameter are known.
        return lambda value: next((word for word in words if word == ("none" if value is None else value)), INVALID)
    if get_origin(option) in (Union, UnionType):
        return _first(get_args(option))
    if get_origin(option) is tuple:
        inner, *others = get_args(option)
        return _tuple_converter(_converter(inner), None if Ellipsis in others else 1 + len(others))
    return lambda value: value


def _tuple_converter(inner: Converter, length: int | None) -> Converter:
    def convert(value: object) -> object:
        elements = tuple(map(inner, value if isinstance(value, tuple) else (value,)))
        wrong = any(element is INVALID for element in elements) or length not in (None, len(elements))
        return INVALID if wrong else elements

    return convert


def _integer(value: object) -> object:
    if isinstance(value, Unknown):
        return value
    # For Python a bool is an int, but `k=true` is a mistake.
    return value if isinstance(value, int) and not isinstance(value, bool) else INVALID


def _real(value: object) -> object:
    if isinstance(value, Unknown):
        return value
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else INVALID


_PLAIN: Final[dict[object, Converter]] = {
    int: _integer,
    float: _real,
    bool: lambda value: value if isinstance(value, bool) else INVALID,
    str: lambda value: str(value) if isinstance(value, str) else INVALID,
    Path: lambda value: Path(value) if isinstance(value, str) else INVALID,
    NoneType: lambda value: None if value is None else INVALID,
    LabelledOutput: lambda value: value if isinstance(value, Word) else INVALID,
    Any: lambda value: value,
}


def expected(parameter: Parameter) -> str:
    """What a parameter takes, in words: `a whole number`, `a size such as 3 or 3x5`, `same` or `valid`."""
    plain = {option for option in parameter.options if get_origin(option) is not Literal} - {NoneType}
    # A size is declared as two types, but for a user it is one kind of value.
    if {int, tuple[int, ...]} <= plain:
        kinds = [text("a size such as 3 or 3x5"), *map(_describe, plain - {int, tuple[int, ...]})]
    else:
        kinds = sorted(map(_describe, plain))
    return join_or([*kinds, *(f"`{word}`" for word in parameter.choices)])


def _describe(option: object) -> str:
    words = {
        int: "a whole number", float: "a number", bool: "`true` or `false`", str: "a text", Path: "a path",
        LabelledOutput: "a label",
    }  # fmt: skip
    if option in words:
        return text(words[option])
    if get_origin(option) is tuple:
        several = {float: "numbers such as 0.5,0.5", str: "names such as `stem,layer1`"}
        kind = get_args(option)[0]
        return text(several[kind]) if kind in several else text("sizes such as 3x32x32")
    return "`none`" if option is NoneType else text("a value")


def show(value: object) -> str:
    """A value as it is written in the language, in backticks."""
    if isinstance(value, tuple):
        is_size = all(isinstance(part, (int, Expr)) for part in value)
        written = format_shape(value) if is_size else ",".join(map(str, value))
    elif value is None or isinstance(value, bool):
        written = str(value).lower()
    elif isinstance(value, str) and not isinstance(value, Word):
        written = f'"{value}"'
    else:
        written = str(value)
    return f"`{written}`"
