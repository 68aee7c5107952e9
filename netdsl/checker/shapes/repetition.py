"""`repeat N { … }`: the body and the number of rounds."""

from __future__ import annotations

from netdsl.checker.arguments.codes import UNKNOWN_NAME, WRONG_BODY, WRONG_VALUE, unknown_name
from netdsl.checker.arguments.values import INVALID, evaluate, show
from netdsl.checker.context import Context
from netdsl.checker.names.scope import Scope, Word, as_name
from netdsl.core.sizes import Unknown
from netdsl.core.text import text
from netdsl.language.syntax import Body, Bound, Item, Setting, Short, Statement


def repetition(statement: Statement, scope: Scope, context: Context) -> tuple[Body, int | None] | None:
    """The body and the number of rounds (None if it is unknown); None if the statement has no such form."""
    bodies = [item for item in statement.items if isinstance(item, Body)]
    counts = [item for item in statement.items if not isinstance(item, Body)]
    # The body may stand before or after the number.
    if len(bodies) == len(counts) == 1 and not statement.flow:
        return bodies[0], _times(counts[0], scope, context)
    message, advice = "`repeat` takes a number and a body", "for example `repeat 3 { conv 64 k3 p1; relu }`"
    context.report(WRONG_BODY, message, statement.name.span, help=advice)
    return None


def _times(item: Item, scope: Scope, context: Context) -> int | None:
    named = as_name(item)
    if isinstance(item, (Setting, Bound, Body)) or (isinstance(item, Short) and not named):
        value = INVALID
        context.report(
            WRONG_VALUE,
            text("`repeat` expects a whole number of times, found `{item}`", item=item.span.text),
            item.span,
        )
    else:
        value = evaluate(named or item, scope, context)  # type: ignore[arg-type]  # a short with a number is a name
    # A misspelt name is reported once, and then counts as the one that is meant.
    if isinstance(value, Word) and (
        near := context.report.unknown(UNKNOWN_NAME, unknown_name(value), value, item.span, scope.variable_names())
    ):
        value = scope.lookup(near)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    # An unknown number or a word is reported already.
    if value is not INVALID and not isinstance(value, (Word, Unknown)):
        context.report(
            WRONG_VALUE,
            text("`repeat` expects a whole number of times, found {value}", value=show(value)),
            item.span,
            scope.caption(item.span),
        )
    return None
