"""Statements as a person would write them: a layer and its arguments as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite

from netdsl.components import Layer, Parameter
from netdsl.core.text import text

WORD = re.compile(r"[^\W\d]\w*")
RESERVED = frozenset({"true", "false", "none", "in", "features", "as"})


class Unwritable(ValueError):
    """A value that the language has no way to write."""


def statement(layer: Layer, written: Mapping[str, object]) -> str:
    """`conv 3->32 k5 p2` of a layer and the arguments that are to be written."""
    rest, words = dict(written), [layer.name]
    flow = layer.flow or ("", "")
    # Both sizes or neither: half an arrow would be another argument.
    if rest.keys() >= set(flow):
        left, right = (rest.pop(name) for name in flow)
        words.append(f"{value(left)}->{value(right)}")
    # Behind an arrow every other value goes by its name.
    placed = [] if layer.flow and flow[1] not in rest else list(_placed(layer, rest))
    words += [value(rest[parameter.name], commas=_counts_axes(parameter.name)) for parameter in placed]
    names = [name for name in layer.parameters if name in rest and layer.parameters[name] not in placed]
    shorts = {name: letter for letter, name in layer.shorts.items()}
    words += [_named(layer.parameters[name], rest[name], shorts.get(name)) for name in names]
    return " ".join(words)


def _placed(layer: Layer, written: Mapping[str, object]) -> Iterator[Parameter]:
    """The parameters that are written without a name: the first, and after it those that must be given."""
    shorts = set(layer.shorts.values())
    for place, parameter in enumerate(layer.parameters.values()):
        # Without a name a word could be taken for a flag or a label.
        plain = parameter.positional and not isinstance(written.get(parameter.name), (bool, str, type(None)))
        if parameter.name not in written or not plain or (place and not _must_be_placed(parameter, shorts)):
            return
        yield parameter


def _must_be_placed(parameter: Parameter, shorts: set[str]) -> bool:
    return parameter.required and parameter.name not in shorts


def _named(parameter: Parameter, given: object, short: str | None) -> str:
    name = parameter.name
    if given is True and bool in parameter.options:
        return name
    if isinstance(given, str) and given in parameter.choices and len(parameter.options) > 1:
        return given  # `same`, where a size would otherwise stand
    if short is not None and _is_size(given):
        return f"{short}{value(given)}"
    return f"{name}={value(given, commas=_counts_axes(name))}"


def value(given: object, *, commas: bool = False) -> str:
    """A value: `3`, `3x5`, `0.5,0.25`, `true`, `none`, `reflect`, `"a text"`."""
    if isinstance(given, tuple):
        return _several(given, commas)
    if given is None or isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, (int, float)):
        return _number(given)
    # A reserved word would be read as a value of its own.
    if isinstance(given, str) and WORD.fullmatch(given) and given not in RESERVED:
        return str(given)
    # The language has no escapes in texts.
    if isinstance(given, str) and '"' not in given and given.isprintable():
        return f'"{given}"'
    raise Unwritable(text("`{given!r}` cannot be written", given=given))


def _several(given: tuple[object, ...], commas: bool) -> str:
    if not given:
        raise Unwritable("an empty list cannot be written")
    integers = all(type(element) is int for element in given)
    return ("x" if integers and not commas else ",").join(map(value, given))


def _number(given: int | float) -> str:
    if isinstance(given, float) and not isfinite(given):
        raise Unwritable(text("{given} cannot be written", given=given))
    # JSON writes 1e-05 and 2.0, people write 1e-5 and 2.
    number = json.dumps(given).removesuffix(".0")
    return re.sub(r"e([+-]?)0*(\d)", lambda found: f"e{found[1].strip('+')}{found[2]}", number)


def _is_size(given: object) -> bool:
    sizes = given if isinstance(given, tuple) else (given,)
    return bool(sizes) and all(type(size) is int and size >= 0 for size in sizes)


def _counts_axes(name: str) -> bool:
    """Whether a parameter lists axes or sides, which are set apart by commas, rather than sizes."""
    return "dim" in name or name == "padding"
