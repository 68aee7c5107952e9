"""What a setting or a variable is in a checked text: as it stands there, overridden, or by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netdsl.cli.shared.inputs import ProgramText
from netdsl.components.component import parameters_of
from netdsl.core.errors import NetdslError
from netdsl.language.parser import parse
from netdsl.language.statements import DATA, LET, STATEMENTS
from netdsl.language.syntax import Setting
from netdsl.program import Experiment, Use
from netdsl.render.entry import written


def effective_settings(program: ProgramText) -> Mapping[str, str]:
    """The value of each setting, by the name that `--set` gives it (`optimizer.lr`), and of each variable.

    A text that cannot be checked here, since a plugin or its data are missing, has none.
    """
    try:
        experiment = program.experiment
    except NetdslError:
        return {}
    found = {name: written(value) for name, value in _settings(experiment)}
    # What the command line said comes last and goes before all else.
    return {**_variables(program), **found, **program.settings.overrides}


def _settings(experiment: Experiment) -> Iterator[tuple[str, object]]:
    """The settings of each directive, and the parameters of the one component that it names."""
    use: Use[Any] | None
    for name, statement in STATEMENTS.items():
        if statement is DATA:
            use, settings = experiment.data, experiment.data.settings if experiment.data else None
        else:
            use = experiment.one_of(statement.component) if statement.component else None
            settings = experiment.settings.get(statement.settings) if statement.settings else None
        if settings is not None:
            yield from ((f"{name}.{setting}", getattr(settings, setting)) for setting in parameters_of(type(settings)))
        if use is not None and not statement.repeats:
            yield name, use.component.name
            for parameter in use.component.parameters.values():
                yield f"{name}.{parameter.name}", use.arguments.get(parameter.name, parameter.default)


def _variables(program: ProgramText) -> dict[str, str]:
    statements = parse(program.source)[0].statements
    lets = [item for one in statements if one.name.text == LET.name for item in one.items if isinstance(item, Setting)]
    return {item.name.text: item.value.span.text for item in lets}
