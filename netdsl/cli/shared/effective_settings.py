"""The values of settings and variables in a checked text: as written there, overridden, or by default."""

from __future__ import annotations

from collections.abc import Mapping

from netdsl.cli.shared.inputs import ProgramText
from netdsl.core.errors import NetdslError
from netdsl.language.parser import parse
from netdsl.language.statements import LET
from netdsl.language.syntax import Setting
from netdsl.render.entry import written
from netdsl.render.settings import list_settings


def effective_settings(program: ProgramText) -> Mapping[str, str]:
    """The value of each setting, by the name that `--set` gives it (`optimizer.lr`), and of each variable.

    A text that cannot be checked here, because a plugin or its data are missing, has none.
    """
    try:
        experiment = program.experiment
    except NetdslError:
        return {}
    found = {setting.name: written(setting.value) for setting in list_settings(experiment)}
    # The command line comes last, so that its values win.
    return {**_variables(program), **found, **program.settings.overrides}


def _variables(program: ProgramText) -> dict[str, str]:
    statements = parse(program.source)[0].statements
    lets = [item for one in statements if one.name.text == LET.name for item in one.items if isinstance(item, Setting)]
    return {item.name.text: item.value.span.text for item in lets}
