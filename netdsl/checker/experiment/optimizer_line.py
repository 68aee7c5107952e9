"""The settings of an `optimizer` line that the layers of a name have for themselves, as in `head.lr=0.1`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, get_args, get_origin

from netdsl.checker.arguments.binding import FindLine, bind
from netdsl.checker.arguments.codes import UNKNOWN_PARAMETER
from netdsl.checker.context import Context
from netdsl.checker.experiment.net_names import UNKNOWN_LAYER, require_layers
from netdsl.checker.experiment.settings import ComponentLine, check_ranges, joined_line
from netdsl.checker.names.scope import Scope
from netdsl.components import Component, Optimizer
from netdsl.components.settings import OptimizerSettings
from netdsl.core.diagnostics import Code, Edit, Fix, Label
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.statements import OPTIMIZER
from netdsl.language.syntax import Item, Setting, Statement
from netdsl.layer_names import find_weighted
from netdsl.layer_settings import find_clashes
from netdsl.program import LayerSettings, Network

CONTRADICTING_SETTINGS = Code(
    "NET316",
    title="two names that give a layer different settings",
    meaning=(
        "A layer may go by two names of an `optimizer` line, such as its label and its family. The name counts that "
        "lies in the other: all layers of the one go by the other too. Where neither does, one has to choose."
    ),
    example="input 3x8x8\nconv 8 k3; relu; flatten; linear 10 as head\noptimizer sgd head.lr=0.1 linear.lr=0.01",
    instead="input 3x8x8\nconv 8 k3; relu; flatten; linear 10 as head\noptimizer sgd lr=0.01 head.lr=0.1",
)


class NamedLine(NamedTuple):
    """What an `optimizer` line gives the layers of one name, as a line of its own; the name and its first place."""

    name: str
    place: Span
    line: Statement


def part_line(statement: Statement) -> tuple[Statement, list[NamedLine]]:
    """The line with the settings of all layers, and a line for each name that other settings begin with."""
    named: dict[str, list[Item]] = {}
    places: dict[str, Span] = {}
    plain = []
    for item in statement.items:
        word, setting, place = part_name(item) if isinstance(item, Setting) else ("", "", item.span)
        if not word or not isinstance(item, Setting):
            plain.append(item)
            continue
        places.setdefault(word, place)
        name = replace(item.name, text=setting, span=place.source.span(place.end + 1, item.name.span.end))
        named.setdefault(word, []).append(replace(item, name=name))
    lines = [NamedLine(word, places[word], replace(statement, items=tuple(items))) for word, items in named.items()]
    return replace(statement, items=tuple(plain)), lines


def part_name(item: Setting) -> tuple[str, str, Span]:
    """Of `head.lr=0.1` the name of the layers, which may be empty, the setting, and the place of the name."""
    word, _, setting = item.name.text.rpartition(".")
    start = item.name.span.start
    return word, setting, item.name.span.source.span(start, start + len(word))


def settings_of_layers(component: Optimizer) -> ComponentLine:
    """The optimizer with what the layers of a name may have for themselves: its numbers, and those of the line."""
    whole = joined_line(Component(name=OPTIMIZER.name, function=OptimizerSettings).parameters, component)
    own = {
        # Left out, a setting is that of all layers, so that none is required.
        name: replace(one, default=None, positional=False)
        for name, one in whole.parameters.items()
        if name not in component.whole and any(map(_is_number, one.options))
    }
    return replace(whole, parameters_of_both=own)


def _is_number(option: Any) -> bool:
    return option in (int, float) or (get_origin(option) is tuple and set(get_args(option)) <= {int, float, ...})


def read_layers(
    lines: Sequence[NamedLine], component: Optimizer, scope: Scope, context: Context, find_line: FindLine
) -> tuple[LayerSettings, ...]:
    """What the layers of each name are given. Reports settings that are unknown or out of their range."""
    allowed = settings_of_layers(component)
    found = []
    for name, place, line in lines:
        items = tuple(item for item in line.items if not _is_of_all(item, name, component, allowed, context))
        arguments = bind(allowed, replace(line, name=replace(line.name, text=component.name), items=items),
                         scope, context, find_line)  # fmt: skip
        check_ranges(allowed, arguments, context)
        found.append(LayerSettings(name, arguments.values, place))
    return tuple(found)


def _is_of_all(item: Item, name: str, component: Optimizer, allowed: Component, context: Context) -> bool:
    """Whether a setting is one that all layers share. Reports it."""
    if not isinstance(item, Setting) or allowed.resolve(item.name.text) or not component.resolve(item.name.text):
        return False
    message = text("all layers share `{setting}` of `{optimizer}`", setting=item.name.text, optimizer=component.name)
    where = item.name.span
    fix = Fix(
        text("leave `{name}` out", name=f"{name}."),
        (Edit(where.source.span(where.start - len(name) - 1, where.start), ""),),
    )
    context.report(UNKNOWN_PARAMETER, message, where, fix=fix)
    return True


def check_layers(layers: Sequence[LayerSettings], network: Network, frozen: Sequence[str], context: Context) -> None:
    """Reports names that no layer has, names of layers that are not trained, and settings that contradict others."""
    still = {path for path, _ in find_weighted(network, frozen)}
    known = []
    for one in layers:
        if not require_layers(UNKNOWN_LAYER, [one.name], one.span, network, context):
            continue
        known.append(one)
        # Without arguments, its settings are mistakes that are reported already.
        if one.arguments and {path for path, _ in find_weighted(network, [one.name])} <= still:
            message = text("the layers of `{name}` are frozen, so its settings change nothing", name=one.name)
            advice: str = text("leave out these settings, or `{name}` in `train freeze=`", name=one.name)
            context.report(UNKNOWN_LAYER, message, one.span, help=advice)
    nodes = dict(network.places())
    for clash in find_clashes(network, known):
        first, second = clash.first, clash.second
        message = text(
            "`{layer}` goes by `{first}` and by `{second}`, which give it different values of `{setting}`",
            layer=nodes[clash.path].written,
            first=first.name,
            second=second.name,
            setting=clash.setting,
        )
        labels = [Label(first.span, "the other name")]
        advice = "leave one of them out, or give the layers that are meant a label of their own"
        context.report(CONTRADICTING_SETTINGS, message, second.span, labels=labels, help=advice)
