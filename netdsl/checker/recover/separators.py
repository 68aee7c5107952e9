"""Missing separators, `conv 32 k3 relu`, and superfluous ones: `}` and `shortcut {` on two lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from netdsl.checker.arguments.codes import UNKNOWN_NAME, WRONG_BODY
from netdsl.checker.context import Context
from netdsl.checker.names.scope import MISSING, Scope
from netdsl.components import Layer
from netdsl.core.diagnostics import Edit, Fix
from netdsl.core.text import text
from netdsl.language.syntax import Body, Name, Statement


def recovered(statements: Sequence[Statement], scope: Scope, context: Context) -> Iterator[Statement]:
    """The statements of a body as they were meant. Each repair is reported.

    They are repaired one at a time, because a `let` may give a name its meaning for the statements below it.
    """
    for statement in _rejoined(statements, scope, context):
        # Most statements have no name, so nothing in them can begin another one.
        if any(type(item) is Name for item in statement.items):
            yield from _separated(statement, scope, context)
        else:
            yield statement


def _separated(statement: Statement, scope: Scope, context: Context) -> Iterator[Statement]:
    """The statement, divided before every layer in it. Each missing `;` is reported."""
    # A loop, not recursion, because a line may hold thousands of layers.
    while not context.report.is_full:
        layer = context.registry.layers.get(statement.name.text)
        index = next((at for at, item in enumerate(statement.items) if _begins(item, layer, scope, context)), None)
        if index is None:
            break
        name = statement.items[index]
        assert isinstance(name, Name)
        # A repair may have moved an arrow before the items. An arrow after the name belongs to the next layer.
        flow = statement.flow if statement.flow and statement.flow.span.end <= name.span.start else None
        last = statement.items[index - 1].span if index else (flow or statement.name).span
        message = text(
            "`{name}` is a layer of its own, not an argument of `{statement}`",
            name=name.text,
            statement=statement.name.text,
        )
        fix = None
        # Items that a repair has moved share one place of the text, so nothing can be written between them.
        if last.end <= name.span.start:
            fix = Fix("write `;` before it", (Edit(last.source.span(last.end, name.span.start), "; "),))
        context.report(UNKNOWN_NAME, message, name.span, help=None if fix else "write `;` before it", fix=fix)
        yield replace(
            statement,
            flow=flow,
            items=statement.items[:index],
            # The label stands at the end, so it belongs to the last layer.
            label=None,
            span=statement.span.source.span(statement.span.start, last.end),
        )
        later = statement.flow if flow is None else None
        rest = statement.items[index + 1 :]
        statement = Statement(name, later, rest, statement.label, name.span.to(statement.span))
    yield statement


def _rejoined(statements: Sequence[Statement], scope: Scope, context: Context) -> Iterator[Statement]:
    """The statements. A body that was separated from the statement before it is joined to it, and reported."""
    waiting: Statement | None = None
    for statement in statements:
        if waiting and _continues(waiting, statement, scope, context):
            name = statement.name
            between = Edit(name.span.source.span(waiting.span.end, name.span.start), " ")
            message = text("`{name}` is a body of the `{waiting}` before it", name=name.text, waiting=waiting.name.text)
            context.report(WRONG_BODY, message, name.span, fix=Fix("write it directly after the `}`", (between,)))
            span = waiting.span.to(statement.span)
            items = (*waiting.items, name, *statement.items)
            statement = replace(waiting, items=items, label=statement.label, span=span)
        elif waiting:
            yield waiting
        waiting = statement
    if waiting:
        yield waiting


def _continues(before: Statement, statement: Statement, scope: Scope, context: Context) -> bool:
    """Whether a statement can only be another body of the one before it: `shortcut { … }` after `residual { … }`."""
    if [type(item) for item in (*before.items[-1:], *statement.items)] != [Body, Body]:
        return False
    layer = context.registry.layers.get(before.name.text)
    name = statement.name.text
    return (
        layer is not None
        and before.label is None
        and name in layer.branches
        and not layer.parameters[name].is_many
        and name not in context.registry.layers
        and scope.block(name) is None
        and scope.lookup(name) is MISSING
    )


def _begins(item: object, layer: Layer | None, scope: Scope, context: Context) -> bool:
    """Whether an item can only be the name of the next layer."""
    # In a composite, the word may be a label or the name of a body.
    if layer is None or layer.is_composite or not isinstance(item, Name) or item.text not in context.registry.layers:
        return False
    words = {word for parameter in layer.parameters.values() for word in parameter.choices}
    return scope.lookup(item.text) is MISSING and item.text not in words and layer.resolve(item.text) is None
