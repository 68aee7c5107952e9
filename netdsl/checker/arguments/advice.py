"""Advice about wrong arguments: what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from netdsl.checker.arguments.values import expected
from netdsl.checker.names.scope import Word
from netdsl.components import Component, Parameter, Refusal
from netdsl.core.diagnostics import Edit, Fix
from netdsl.core.source import Span
from netdsl.core.suggestions import SURE, nearest
from netdsl.core.text import join_and, text

MANY = 12
"""At most so many names of parameters are listed in one line of advice."""

# Compiled at the first mistake that needs them: compiling one takes as long as importing a module.
_SHORT = r"([a-z])\d+(?:x\d+)*"
_QUOTIENT = r"[\w.]+/[\w.]+"
_NUMBER = r"-?\d+(\.\d+)?"


def usage(component: Component) -> str | None:
    """An example of the component's use."""
    return text("for example `{example}`", example=component.example) if component.example else None


def takes(component: Component) -> str | None:
    """The parameters that may be written, or an example if they are too many to list."""
    names = [f"`{name}`" for name in component.parameters if name not in component.branches]
    if len(names) > MANY:
        return usage(component)
    if not names:
        return text("`{component}` takes no arguments", component=component.name)
    return text("`{component}` takes {parameters}", component=component.name, parameters=join_and(names))


def meant(value: object, parameter: Parameter) -> str | None:
    """The right form of a value of the wrong kind, if it is clear: `false` for `no`, `10` for `10.0`."""
    options = set(parameter.options)
    if isinstance(value, Word) and "/" not in value:
        words = [*parameter.choices, *(("true", "false") if bool in options else ())]
        return nearest(value, words, SURE)
    if bool in options and value in (0, 1):
        return str(bool(value)).lower()
    if int in options and isinstance(value, float) and value.is_integer():
        return str(int(value))
    if options & {int, float} and isinstance(value, str) and re.fullmatch(_QUOTIENT, value):
        return f"({value})"
    # A number in quotes is meant as a number, but a fraction cannot fill an int.
    if isinstance(value, str) and options & {int, float} and (number := re.fullmatch(_NUMBER, value)):
        return value if float in options or not number.group(1) else None
    return None


def in_words(parameter: Parameter) -> str:
    """The kind of value that a parameter takes, in brackets; empty if it takes any value."""
    return "" if parameter.type is Any else f" ({expected(parameter)})"


def replace_argument(refusal: Refusal, component: Component, spans: Mapping[str, Span]) -> Fix | None:
    """The fix that writes the value which a refusal proposes; None without a proposal or a written argument."""
    name, span = refusal.parameter or "", spans.get(refusal.parameter or "")
    # An expression is not replaced, because the variable in it may be wrong.
    if refusal.instead is None or span is None or re.search("[()]", span.text):
        return None
    value = _as_written(refusal.instead, component)
    short = re.fullmatch(_SHORT, span.text)
    if span.text == name:  # a flag
        value = f"{name}={value}"
    elif short and component.resolve(short[1]) == name:
        # A short holds whole numbers only; any other value needs the parameter's name.
        value = f"{short[1]}{value}" if re.fullmatch(_SHORT, f"{short[1]}{value}") else f"{name}={value}"
    return Fix(text("write `{value}`", value=value), (Edit(span, value),), safe=refusal.safe)


def _as_written(value: object, component: Component) -> str:
    """A value in the language. Several numbers are separated as in the component's example."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        whole = all(isinstance(one, int) and one >= 0 for one in value)
        return ("x" if whole and "," not in component.example else ",").join(map(str, value))
    return str(value)
