"""The numbers that a `data` and a `train` line may hold, and the arguments that a component refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from netdsl.checker.arguments.binding import Arguments
from netdsl.checker.context import Context
from netdsl.checker.experiment.codes import OUT_OF_RANGE
from netdsl.checker.shapes.plugin_calls import guarded
from netdsl.components import Component, Refusal
from netdsl.core.ranges import above, at_least, decay, part
from netdsl.core.source import Span

RANGES: Mapping[str, Callable[..., None]] = {
    "batch": partial(at_least, 1),
    "workers": partial(at_least, 0),
    "split": part,
    "limit": partial(at_least, 1),
    "epochs": partial(at_least, 1),
    "steps": partial(at_least, 1),
    "clip": partial(above, 0),
    "accumulate": partial(at_least, 1),
    "ema": decay,
    "seed": partial(at_least, 0),
    "every": partial(at_least, 1),
    "patience": partial(at_least, 1),
    "keep": partial(at_least, 0),
    "test_batch": partial(at_least, 1),
}


def check_ranges(arguments: Arguments, context: Context) -> None:
    """Notes the settings that are out of their range, and goes on with their defaults."""
    for name in RANGES.keys() & arguments.values.keys():
        try:
            RANGES[name](**{name: arguments.values[name]})
        except Refusal as refusal:
            del arguments.values[name]
            context.report(OUT_OF_RANGE, refusal.message, arguments.spans[name])


def check_refusals(component: Component, arguments: Arguments, where: Span, context: Context) -> None:
    """Notes what a component's own function refuses of its arguments."""
    if not arguments.sound:
        return
    try:
        guarded(component, context, lambda: component.function(**arguments.values))
    except Refusal as refusal:
        span = arguments.spans.get(refusal.parameter or "", where)
        context.report(OUT_OF_RANGE, refusal.message, span, help=refusal.help)
