"""What to write instead of an argument that is wrong."""

from __future__ import annotations

import re
from typing import Any

from netdsl.checker.arguments.values import expected
from netdsl.checker.names.scope import Word
from netdsl.components import Component, Parameter
from netdsl.core.suggestions import SURE, nearest
from netdsl.core.text import join_and, text

MANY = 12
"""So many names of parameters fit into one line of advice."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def usage(component: Component) -> str | None:
    """An example of the component's use."""
    return text("for example `{example}`", example=component.example) if component.example else None


def takes(component: Component) -> str | None:
    """The parameters that may be written; an example where they are too many to list."""
    names = [f"`{name}`" for name in component.parameters if name not in component.branches]
    if len(names) > MANY:
        return usage(component)
    if not names:
        return text("`{component}` takes no arguments", component=component.name)
    return text("`{component}` takes {parameters}", component=component.name, parameters=join_and(names))


def meant(value: object, parameter: Parameter) -> str | None:
    """How a value of the wrong kind is written right, where that is clear: `false` for `no`, `10` for `10.0`."""
    options = set(parameter.options)
    if isinstance(value, Word):
        words = [*parameter.choices, *(("true", "false") if bool in options else ())]
        return nearest(value, words, SURE)
    if bool in options and value in (0, 1):
        return str(bool(value)).lower()
    if int in options and isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str) and options & {int, float} and (number := _NUMBER.fullmatch(value)):
        return value if float in options or not number.group(1) else None
    return None


def in_words(parameter: Parameter) -> str:
    """What a parameter takes, in brackets behind its name; nothing where it takes anything."""
    return "" if parameter.type is Any else f" ({expected(parameter)})"
