"""The numbers that a `data` and a `train` line may hold, and the arguments that a component refuses."""

from __future__ import annotations

from netdsl.checker.arguments.binding import Arguments
from netdsl.checker.context import Context
from netdsl.checker.experiment.codes import OUT_OF_RANGE
from netdsl.checker.shapes.plugin_calls import guarded
from netdsl.components import Component, Refusal
from netdsl.core.source import Span


def check_ranges(component: Component, arguments: Arguments, context: Context) -> None:
    """Reports the settings that are out of their range, and goes on with their defaults."""
    for name in component.ranges.keys() & arguments.values.keys():
        try:
            component.ranges[name].check(name, arguments.values[name])
        except Refusal as refusal:
            del arguments.values[name]
            context.report(OUT_OF_RANGE, refusal.message, arguments.spans[name])


def check_refusals(component: Component, arguments: Arguments, where: Span, context: Context) -> None:
    """Reports what a component's own function refuses of its arguments."""
    if not arguments.sound:
        return
    try:
        guarded(component, context, lambda: component.ask(**arguments.values))
    except Refusal as refusal:
        span = arguments.spans.get(refusal.parameter or "", where)
        context.report(OUT_OF_RANGE, refusal.message, span, help=refusal.help)
