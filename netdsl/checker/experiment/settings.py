"""The checks of every directive: how often it may stand, the ranges of its settings, its component's refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import ClassVar

from netdsl.checker.arguments.advice import replace_argument
from netdsl.checker.arguments.binding import Arguments
from netdsl.checker.arguments.codes import GIVEN_TWICE
from netdsl.checker.context import Context
from netdsl.checker.experiment.codes import OUT_OF_RANGE
from netdsl.checker.shapes.plugin_calls import guarded
from netdsl.components import Component, Parameter, Refusal
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Label
from netdsl.core.records import record
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.statements import STATEMENTS, StatementKind
from netdsl.language.syntax import Statement


@record(frozen=True, kw_only=True, eq=False)
class ComponentLine(Component):
    """A component with its own parameters and those of its directive."""

    kind: ClassVar[str] = "component"

    parameters_of_both: Mapping[str, Parameter]

    @property
    def parameters(self) -> Mapping[str, Parameter]:  # the joined parameters, not those of a signature
        """The data set's parameters, then the common ones."""
        return self.parameters_of_both


def joined_line(settings: Mapping[str, Parameter], component: Component) -> ComponentLine:
    """A component joined with the settings that every line of its directive has."""
    # Only the component's own parameters are positional.
    common = {name: replace(parameter, positional=False) for name, parameter in settings.items()}
    return ComponentLine(
        name=component.name, function=component.function, aliases=component.aliases, example=component.example,
        # The component's own parameter wins over a common one of the same name.
        parameters_of_both={**common, **component.parameters},
    )  # fmt: skip


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


def lines_of(setting: str, registry: Registry) -> Iterator[str]:
    """The directives that a setting may stand in: `epochs` in `train`, `lr` in `optimizer`."""
    directives = (kind for kind in STATEMENTS.values() if kind.nature == "directive")
    return (kind.name for kind in directives if setting in _settings_of(kind, registry))


def _settings_of(kind: StatementKind, registry: Registry) -> Set[str]:
    """The settings of a directive, and where it names one component of a kind, the parameters of all of them."""
    own = set() if kind.settings is None else {*Component(name=kind.name, function=kind.settings).parameters}
    if kind.component is None or kind.repeats or kind.body:  # `metrics` and `data` have too many to be sure
        return own
    # The signature of a lazy component would be imported for it.
    known = (component for component in registry.of(kind.component).values() if not component.is_lazy)
    return own.union(*(component.parameters for component in known))


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
