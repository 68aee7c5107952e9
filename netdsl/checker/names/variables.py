"""`let width=64 depth=2`: names for values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from netdsl.checker.arguments.codes import GIVEN_TWICE, WRONG_VALUE
from netdsl.checker.arguments.values import HOLE, INVALID, evaluate
from netdsl.checker.context import Context
from netdsl.checker.names.codes import MALFORMED_DEFINITION
from netdsl.checker.names.scope import LITERALS, Scope, as_name
from netdsl.core.diagnostics import Edit, Fix, Label
from netdsl.core.text import text
from netdsl.language.syntax import Body, Bound, Item, Setting, Short, Statement

RESERVED = frozenset({"in", "features", *LITERALS})


def define_variables(
    statement: Statement, scope: Scope, context: Context, overrides: Mapping[str, Setting] | None = None
) -> None:
    """Gives the variables of a `let` their values, or the values of overrides."""
    for item in _pairs(statement.items, context):
        name = item.name.text
        if name in RESERVED:
            message = text("`{name}` has a meaning of its own and cannot be a variable", name=name)
            context.report(MALFORMED_DEFINITION, message, item.name.span, help="choose another name")
        # The first definition counts, because the label shows its place.
        elif name in scope.variables:
            labels = [Label(scope.places[name], "first given here")] if name in scope.places else []
            message = text("`{name}` is given twice", name=name)
            context.report(GIVEN_TWICE, message, item.name.span, labels=labels, help="delete one of them")
        else:
            scope.places[name] = item.name.span
            setting = (overrides or {}).get(name, item)
            # In order: a variable may be computed from those before it, also from overridden ones.
            value = evaluate(setting.value, scope, context)
            if value is HOLE:
                context.report(
                    WRONG_VALUE, "`?` stands for an argument of a layer, not for a variable", setting.value.span
                )
            scope.variables[name] = INVALID if value is HOLE else value


def _pairs(items: Sequence[Item], context: Context) -> Iterator[Setting]:
    """The `name=value` pairs. Other items are reported, and `width 64` counts as a pair."""
    # The value of a repaired pair is the next item, which must be skipped.
    taken: Item | None = None
    for item, follows in zip_longest(items, items[1:]):
        name = as_name(item) if item is not taken else None
        if isinstance(item, Setting):
            yield item
        elif name and follows is not None and not isinstance(follows, (Setting, Short, Bound, Body)):
            span, taken = name.span.to(follows.span), follows
            pair = f"{name.text}={follows.span.text}"
            fix = Fix(text("write `{pair}`", pair=pair), (Edit(span, pair),))
            context.report(
                MALFORMED_DEFINITION, text("`{name}` needs a `=` before its value", name=name.text), span, fix=fix
            )
            yield Setting(name, follows, span)
        elif item is not taken:
            advice = "write `let width=64 depth=2`"
            context.report(MALFORMED_DEFINITION, "`let` takes `name=value` pairs", item.span, help=advice)
