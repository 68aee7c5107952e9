"""The settings of a checked text, by the names that `--set` gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from netdsl.components.component import parameters_of
from netdsl.language.statements import DATA, STATEMENTS
from netdsl.program import DataUse, Experiment, OptimizerUse, Use


class SettingValue(NamedTuple):
    """A setting: its name (`optimizer.lr`), what it is, and what it would be if nobody had said anything."""

    name: str
    value: object
    default: object


def list_settings(experiment: Experiment) -> Iterator[SettingValue]:
    """The settings of each directive, and the parameters of the one component that it names."""
    use: Use[Any] | None
    for name, statement in STATEMENTS.items():
        use = experiment.data if statement is DATA else None
        if statement.component and statement is not DATA:
            use = experiment.one_of(statement.component)
        settings = experiment.settings.get(statement.settings) if statement.settings else None
        if isinstance(use, DataUse | OptimizerUse):
            settings = use.settings
        if settings is not None:
            for parameter, value in zip(parameters_of(type(settings)).values(), settings, strict=True):
                yield SettingValue(f"{name}.{parameter.name}", value, parameter.default)
        if use is not None and not statement.repeats:
            yield SettingValue(name, use.component.name, None)
            for parameter in use.component.parameters.values():
                value = use.arguments.get(parameter.name, parameter.default)
                yield SettingValue(f"{name}.{parameter.name}", value, parameter.default)
        if isinstance(use, OptimizerUse):
            yield from (SettingValue(f"{name}.{setting}", value, None) for setting, value in use.of_layers.items())
