"""What goes through a net in a pasted `forward`: modules behind each other, functions, and joins."""

from __future__ import annotations

import operator
from collections import Counter, OrderedDict
from collections.abc import Container, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeVar

from torch import nn

from netdsl import modules
from netdsl.importer.writing import RESERVED
from netdsl.language.statements import AGAIN

Made = TypeVar("Made", bound=nn.Sequential)

LAST_STEP = ((slice(None), -1), (slice(None), -1, slice(None)))


@dataclass(frozen=True, eq=False)
class TracedValue:
    """A value of `forward`: what one module makes of the value before it.

    Args:
        before: the value before; None at the input.
        module: what was applied to it.
        name: the attribute that the module goes by; empty for functions.
        beside: the values that it is the concatenation of, and their dimension.
        part: which of equal parts of the channels of the value before it is, from 0, and of how many.
    """

    before: TracedValue | None = None
    module: nn.Module | None = None
    name: str = ""
    beside: tuple[Sequence[TracedValue], int] | None = None
    part: tuple[int, int] | None = None

    def then(self, module: nn.Module, name: str = "") -> TracedValue:
        """The value that a module makes of this one."""
        return TracedValue(self, module, name)

    def taken(self, index: object) -> TracedValue | None:
        """`x[:, -1]`, the last step of a sequence; None for what else an index picks."""
        return self.then(modules.Last()) if index in LAST_STEP else None

    def way(self) -> list[TracedValue]:
        """The values from the input to this one, the input first."""
        values = [self]
        while values[-1].before is not None:
            values.append(values[-1].before)
        return values[::-1]


@dataclass(frozen=True, eq=False)
class LastState:
    """The state that a recurrent net of one direction ends in: its last layer's is the last of the outputs."""

    outputs: TracedValue
    layers: int

    def taken(self, index: object) -> TracedValue | None:
        """`h[-1]`, the state of the last layer."""
        return self.outputs.then(modules.Last()) if index in (-1, self.layers - 1) else None

    def squeezed(self) -> TracedValue | None:
        """`h.squeeze(0)`, where there is one layer."""
        return self.taken(0)


def recurrent(x: TracedValue, module: nn.RNNBase, name: str) -> tuple[TracedValue, object] | None:
    """The outputs of a recurrent net and its last state, as torch returns them; None where time comes first."""
    made = getattr(modules, type(module).__name__, None)
    if made is None or not module.batch_first:
        return None
    settings = {key: getattr(module, key) for key in ("num_layers", "bias", "dropout", "bidirectional")}
    settings |= {"proj_size": module.proj_size} if isinstance(module, nn.LSTM) else {}
    settings |= {"nonlinearity": module.nonlinearity} if isinstance(module, nn.RNN) else {}
    outputs = x.then(made(module.input_size, module.hidden_size, **settings), name)
    state = None if module.bidirectional else LastState(outputs, module.num_layers)
    return outputs, (state, None) if isinstance(module, nn.LSTM) else state


def sequential(steps: Sequence[TracedValue], kind: str = "") -> nn.Sequential:
    """The modules of some values behind each other, by their names where each goes by one, else by their places.

    `kind` is what the class of the text is called that has them.

    A module with weights that stands several times is used again; of one without weights each place has its own.
    """
    again = _used_again(steps)
    labels = _labels(steps, again)
    built, order = OrderedDict[str, nn.Module](), dict[str, str]()
    keys: dict[int, str] = {}
    for step in steps:
        module = _module_of(step)
        key = keys.get(id(module))
        if key is not None and id(module) in again:
            order[f"{AGAIN.name} {len(order)}"] = key
            continue
        if key is not None:
            module = deepcopy(module)  # torch lists one module once, however often it was added
        key = keys[id(module)] = labels.get(id(module), str(len(built)))
        built[key] = module
        order[key] = key
    return of_class(kind, modules.Skipping)(built, steps=order) if again else of_class(kind, nn.Sequential)(built)


def of_class(kind: str, base: type[Made]) -> type[Made]:
    """A class of the text as one that calls its parts one after the other; blocks are named after it."""
    return type(kind, (base,), {}) if kind else base


def _used_again(steps: Sequence[TracedValue]) -> set[int]:
    """The modules with weights that stand several times."""
    counted = Counter(id(_module_of(step)) for step in steps)
    return {id(module) for module in map(_module_of, steps) if counted[id(module)] > 1 and _has_weights(module)}


def _labels(steps: Sequence[TracedValue], again: Container[int]) -> dict[int, str]:
    """The names of the modules with weights, as far as each has one of its own; what is used again needs one."""
    named = {id(_module_of(step)): step.name for step in steps if _has_weights(_module_of(step))}
    counted = Counter(named.values())
    # A name that the language keeps to itself, such as `features`, cannot be a label.
    labels = {
        module: name
        for module, name in named.items()
        if name.isidentifier() and name not in RESERVED and counted[name] == 1
    }
    free = (name for number in count(1) if (name := f"shared{number}") not in counted)
    return labels | {module: next(free) for module in named if module in again and module not in labels}


def _module_of(step: TracedValue) -> nn.Module:
    if step.module is None:
        raise TypeError  # a part of the channels that no `split` joins: the reader names the line
    return step.module


def _has_weights(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def joined(one: TracedValue, other: TracedValue) -> TracedValue:
    """The sum of two values: a residual where one of them is an ancestor of the other, or both have one."""
    start, (body, shortcut) = _parted([one, other])
    if not shortcut:
        return start.then(modules.Residual(sequential(body)))
    if not body:
        return start.then(modules.Residual(sequential(shortcut)))
    # The longer way is what people call the body.
    body, shortcut = sorted((body, shortcut), key=len, reverse=True)
    return start.then(modules.Residual(sequential(body), sequential(shortcut)))


def concatenated(values: Sequence[TracedValue], dim: int) -> TracedValue:
    """Several values side by side along a dimension, counted with the batch."""
    if len(values) == 1:
        return values[0]
    start, ways = _parted(_grouped(values, dim))
    if dim == 1 and [way[0].part for way in ways if way] == [(place, len(ways)) for place in range(len(ways))]:
        return start.then(modules.Split(*(sequential(way[1:]) for way in ways)))
    return replace(start.then(modules.Concat(*map(sequential, ways), dim=dim)), beside=(tuple(values), dim))


def _grouped(values: Sequence[TracedValue], dim: int) -> Sequence[TracedValue]:
    """With the first values as the one that they made on the way to the last, if they did.

    A dense block puts all values so far side by side, again and again: `cat([x, a, b])` is `cat([cat([x, a]), b])`.
    """
    for step in reversed(values[-1].way()):
        if step.beside is not None and step.beside[1] == dim:
            first = step.beside[0]
            if len(first) < len(values) and all(map(operator.is_, first, values)):
                return [step, *values[len(first) :]]
    return values


def multiplied(one: TracedValue, other: TracedValue) -> TracedValue | None:
    """The product of a value and of a gate that is made of it; None where neither is made of the other."""
    start, (body, rest) = _parted([one, other])
    if body and rest:
        return None
    return start.then(modules.Scale(sequential(body or rest)))


def _parted(values: Sequence[TracedValue]) -> tuple[TracedValue, list[list[TracedValue]]]:
    """The last value that all come from, and the ways from there to each."""
    ways = [value.way() for value in values]
    shared = 0
    for steps in zip(*ways, strict=False):
        if any(step is not steps[0] for step in steps):
            break
        shared += 1
    return ways[0][shared - 1], [way[shared:] for way in ways]
