"""The names that the statements of a file make use of."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.language import syntax
from netdsl.language.statements import BLOCK, VARIANT
from netdsl.language.syntax import Body, Bound, Name, Setting, Short, Statement


def names_in(statement: Statement) -> Iterator[str]:
    """Every name that a statement, or one in its bodies, makes use of."""
    yield statement.name.text
    if statement.flow:
        yield from _in_value(statement.flow.left)
        yield from _in_value(statement.flow.right)
    # There the bare words are names that the statement defines.
    defines = statement.name.text in (BLOCK.name, VARIANT.name)
    for item in statement.items:
        if isinstance(item, Body):
            for inner in item.statements:
                yield from names_in(inner)
        elif isinstance(item, Setting):
            yield from _in_value(item.value)
        elif isinstance(item, Bound):
            yield from _in_value(item.limit)
        elif not defines:
            yield from _in_value(item)


def _in_value(value: syntax.Value | syntax.Term | Short | None) -> Iterator[str]:
    if isinstance(value, Name):
        yield value.text
    elif isinstance(value, Short):
        # A variable may look like a short: `e3`.
        yield value.span.text
    elif isinstance(value, syntax.Size):
        yield from (dim for dim in value.dims if isinstance(dim, str))
    elif isinstance(value, syntax.Sequence):
        for element in value.elements:
            yield from _in_value(element)
    elif isinstance(value, syntax.Operation):
        for operand in value.operands:
            yield from _in_value(operand)
    elif isinstance(value, syntax.Negative):
        yield from _in_value(value.operand)
    elif isinstance(value, syntax.Parenthesis):
        yield from _in_value(value.inside)
