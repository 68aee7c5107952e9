"""The checks of every directive: how often it may stand, the ranges of its settings, its component's refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netdsl.checker.arguments.advice import replace_argument
from netdsl.checker.arguments.binding import Arguments
from netdsl.checker.arguments.codes import GIVEN_TWICE
from netdsl.checker.context import Context
from netdsl.checker.experiment.codes import OUT_OF_RANGE
from netdsl.checker.shapes.plugin_calls import guarded
from netdsl.components import Component, Refusal
from netdsl.core.diagnostics import Label
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.statements import StatementKind
from netdsl.language.syntax import Statement


def allowed(
    kind: StatementKind, directives: Mapping[str, Sequence[Statement]], context: Context
) -> Sequence[Statement]:
    """The lines of a directive that count. If it may stand only once, the first counts and the others are reported."""
    statements = directives[kind.name]
    if kind.repeats:
        return statements
    for other in statements[1:]:
        first = Label(statements[0].name.span, "first given here")
        message = text("`{directive}` stands twice", directive=kind.name)
        context.report(GIVEN_TWICE, message, other.name.span, labels=[first], help="delete one of them")
    return statements[:1]


def check_ranges(component: Component, arguments: Arguments, context: Context) -> None:
    """Reports the settings that are out of their range, and replaces them by their defaults."""
    for name in component.ranges.keys() & arguments.values.keys():
        try:
            component.ranges[name].check(name, arguments.values[name])
        except Refusal as refusal:
            # Without the value its default counts, so the check continues.
            del arguments.values[name]
            context.report(OUT_OF_RANGE, refusal.message, arguments.spans[name])


def check_refusals(component: Component, arguments: Arguments, where: Span, context: Context) -> None:
    """Reports the arguments that a component's own function refuses."""
    if not arguments.sound:
        return
    try:
        guarded(component, context, lambda: component.ask(**arguments.values))
    except Refusal as refusal:
        span = arguments.spans.get(refusal.parameter or "", where)
        fix = replace_argument(refusal, component, arguments.spans)
        context.report(OUT_OF_RANGE, refusal.message, span, help=refusal.help, fix=fix)
