"""The part of a layer's output that does not depend on lost arguments."""

from __future__ import annotations

from collections.abc import Mapping, Set

from netdsl.checker.arguments.binding import Arguments
from netdsl.checker.arguments.values import INVALID, converter
from netdsl.components import Layer, Result
from netdsl.core.sizes import UNKNOWN, Shape, Unknown
from netdsl.program import IDENTITY

NOTHING: frozenset[str] = frozenset()

SUPPOSED = (None, 1, 2, 5, 0, -1)
"""The values that are tried for a lost argument; None means its default.

A `dim` may be 0 or -1 if a sample has one dimension. Rounding makes similar values agree by chance: kernels of 1 and
2 with a stride of 2 do, kernels of 2 and 5 never do.
"""


def supposed(layer: Layer, shape: Shape, values: Mapping[str, object], lost: Set[str]) -> Result | None:
    """The output as far as it is equal for several values of the lost arguments; None if it never is."""
    found = [_out(layer, shape, values, lost, value) for value in SUPPOSED]
    outs = [out for out in found if out is not None]
    # If two values give different ranks, not even the rank is known.
    if len({len(out) for out in outs}) != 1:
        return None
    # The sizes of a single answer may depend on the tried value.
    certain = len(outs) > 1 or not lost
    sizes = (dims[0] if certain and len(set(dims)) == 1 else UNKNOWN for dims in zip(*outs, strict=True))
    return Result(tuple(UNKNOWN if isinstance(size, int) and size < 1 else size for size in sizes), IDENTITY)


def lost_arguments(layer: Layer, arguments: Arguments) -> frozenset[str]:
    """The parameters whose values a mistake has lost. Input sizes are not among them, because they are inferred."""
    given, values = arguments.spans, arguments.values
    # A value computed from an unknown `in` is lost too.
    lost = {name for name, value in values.items() if _is_unknown(value)}
    if arguments.sound:
        return frozenset(lost - layer.stated.keys()) if lost else NOTHING
    lost |= {name for name in (*given, *layer.required) if name not in values}
    # It is unknown for which parameter the misplaced item was meant, so each missing one may be wrong.
    if arguments.misplaced:
        lost |= layer.parameters.keys() - given.keys() - {*layer.branches}
    return frozenset(lost - layer.stated.keys())


def _is_unknown(value: object) -> bool:
    """Whether a value is unknown, or a list with an element that is."""
    return isinstance(value, Unknown) or (isinstance(value, tuple) and any(map(_is_unknown, value)))


def _out(layer: Layer, shape: Shape, values: Mapping[str, object], lost: Set[str], value: int | None) -> Shape | None:
    """The output with a value for the lost arguments; None if the layer refuses it."""
    given = {name: known for name, known in values.items() if name not in lost}
    for name in lost:
        parameter = layer.parameters[name]
        supposition = INVALID if value is None else converter(parameter)(value)
        if supposition is not INVALID:
            given[name] = supposition
        elif parameter.required:
            return None
    try:
        return layer.apply(shape, **given).out
    except Exception:  # a refusal, or a plugin's failure, which the main check reports
        return None
