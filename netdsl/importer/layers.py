"""From a module to the statement that makes it: every layer is tried, and what its rule builds is compared."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import nn

from netdsl import torch_layers
from netdsl.builder import construct
from netdsl.components import Call, Layer, Parameter, Refusal, Result
from netdsl.components.registry import Registry
from netdsl.core.errors import UnsupportedModule
from netdsl.core.sizes import Shape
from netdsl.core.text import text
from netdsl.importer.reading import arguments, difference, target
from netdsl.importer.writing import Unwritable, statement


@dataclass(frozen=True, slots=True)
class Found:
    """A statement that makes a module, and the shape that it leaves."""

    text: str
    out: Shape
    rank: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ModulePlace:
    """Where a module stands.

    Args:
        x: what comes in.
        path: its name in the net.
        terse: whether sizes of the input are left out where they are known, as in a block, whose uses differ in them.
        assumes: for the first layer of a text that does not say what comes in, the layout that it must take for
            granted; empty for all others.
        taken: the labelled outputs that the module is handed besides, with their shapes.
    """

    x: Shape
    path: str
    terse: bool = False
    assumes: str = ""
    taken: tuple[tuple[str, Shape], ...] = ()


class Layers:
    """The layers of a registry, asked for the one that makes a module; torch's own names come last, if at all."""

    def __init__(self, registry: Registry, torch_s_own: bool) -> None:
        self.torch_s_own = torch_s_own
        self.plain = [layer for layer in registry.layers.values() if not layer.is_composite or layer.bodiless]
        self.known: dict[object, Found] = {}

    def statement(self, module: nn.Module, place: ModulePlace) -> Found:
        """The simplest statement that makes a module in its place."""
        given = arguments(module)
        # Arguments may be unhashable; deep nets repeat the same few modules.
        key = target(module), repr(given), place
        if key not in self.known:
            self.known[key] = self._search(module, given, place)
        return self.known[key]

    def _search(self, module: nn.Module, given: Mapping[str, object], place: ModulePlace) -> Found:
        path = place.path
        # Every layer is tried, since no table says which one makes which module: plugins' layers take part.
        attempts = [_Attempt(layer, order, module, given, place) for order, layer in enumerate(self.plain)]
        found = [one for attempt in attempts if (one := attempt.found()) is not None]
        # Several layers may make the same module: the statement with the fewest arguments reads best.
        if found:
            return min(found, key=lambda one: one.rank)
        own = (
            torch_layers.torch_layer(target(module).replace("torch.nn:", torch_layers.PREFIX))
            if self.torch_s_own
            else None
        )
        if own is None:
            raise no_layer_makes(module, path)
        # No class of torch takes an input for granted, which is refused below with a reason.
        last = _Attempt(own, 0, module, given, replace(place, assumes=""))
        result = last.found()
        if result is None:
            reason = last.refusal or text(
                "`{layer}` with the arguments that it keeps makes another module", layer=own.name
            )
            raise UnsupportedModule(text("`{path}` cannot be written: {reason}", path=path, reason=reason))
        if place.assumes:
            raise UnsupportedModule(
                text("`{path}` does not say the shape of its input, and no line before it does", path=path)
            )
        return result


def no_layer_makes(module: nn.Module, path: str, reason: str | None = None) -> UnsupportedModule:
    """The error of a module that no layer makes, with the last refusal of one that might."""
    made = target(module).replace(":", ".")
    if reason is None:
        return UnsupportedModule(text("`{path}` is a `{module}`, which no layer makes", path=path, module=made))
    return UnsupportedModule(
        text("`{path}` is a `{module}`, which no layer makes: {reason}", path=path, module=made, reason=reason)
    )


class _Attempt:
    """One layer tried for one module."""

    def __init__(
        self, layer: Layer, order: int, module: nn.Module, given: Mapping[str, object], place: ModulePlace
    ) -> None:
        self.layer = layer
        self.order = order
        self.module = module
        self.given = given
        self.place = place
        self.x = place.x
        self.refusal: str | None = None
        named = [name for name, parameter in layer.parameters.items() if parameter.is_label]
        self.labels = dict(zip(named, place.taken, strict=False))

    def found(self) -> Found | None:
        """The statement, if some arguments make the module."""
        # Without a required argument no spelling can succeed, and most layers are ruled out here.
        if not all(name in self.given for name in self.layer.required if name not in self.layer.stated):
            return None
        if len(self.labels) < len(self.place.taken):
            return None
        if self.place.assumes and self.layer.assumes != self.place.assumes:
            return None
        # The first spelling that makes the module will do: those that differ only in defaults are shortened below.
        for values in self._candidates():
            result = self._result(values)
            if result is not None and self._makes(result):
                return self._written(values, result)
        return None

    def _candidates(self) -> Iterator[dict[str, object]]:
        """Arguments worth trying: those that the module has, and those that can be told from the input."""
        axes = self.layer.stated.items()
        inferred = {name: self.x[axis] for name, axis in axes if -len(self.x) <= axis < len(self.x)}
        return spellings(self.layer, {**inferred, **self.given})

    def _taking(self) -> dict[str, object]:
        return {name: shape for name, (_, shape) in self.labels.items()}

    def _result(self, values: Mapping[str, object]) -> Result | None:
        try:
            return self.layer.apply(_entered(self.layer, self.x, values), **values, **self._taking())
        # The reason is kept for the message: no other layer may fit.
        except Refusal as refusal:
            self.refusal = refusal.message + (f": {refusal.help}" if refusal.help else "")
        except (TypeError, ValueError, IndexError, AttributeError):
            pass  # arguments of another kind than the rule is written for
        return None

    def _makes(self, result: Result) -> bool:
        if result.call.target != target(self.module):
            return False
        try:
            takes = {"takes": tuple(label for label, _ in self.place.taken)} if self.labels else {}
            call = Call(result.call.target, {**result.call.arguments, **takes})
            return difference(built(result._replace(call=call)), self.module) is None
        except Exception:  # a constructor may refuse what its rule does not look at
            return False

    def _written(self, values: dict[str, object], result: Result) -> Found | None:
        """The statement of the arguments that cannot be left out."""
        kept = dict(values)
        # A required one cannot be left out, whatever the others are.
        for name in values:
            if not self.layer.parameters[name].required and self._is_usual(name, kept, result):
                del kept[name]
        # After the others: whether a size is stated depends on what stands beside it.
        kept = {name: kept[name] for name in kept if name not in self.layer.stated or self._must_state(name, kept)}
        try:
            text = " ".join([statement(self.layer, kept), *(f"{at}={label}" for at, (label, _) in self.labels.items())])
        except Unwritable as error:
            self.refusal = str(error)
            return None
        flow = self.layer.flow or ()
        optional = [name for name in kept if not self.layer.parameters[name].required and name not in flow]
        return Found(text, result.out, (len(optional), len(set(kept) - set(flow)), self.order))

    def _is_usual(self, name: str, kept: Mapping[str, object], result: Result) -> bool:
        """Whether the layer makes the same of the arguments without this one."""
        # The size comes in anyway, so that the comparison would always leave it out.
        if name in self.layer.stated:
            return False
        rest = {other: value for other, value in kept.items() if other != name}
        without = self._result(rest)
        # Two calls that differ may make modules that do not, such as `2` and `(2, 2)`.
        return without is not None and (without.call == result.call or self._makes(without))

    def _must_state(self, name: str, kept: Mapping[str, object]) -> bool:
        """Whether a size of the input has to be written: before `->` it is, unless the statement is to be terse."""
        flow = None if self.place.terse else self.layer.flow
        beside = flow is not None and name == flow[0] and flow[1] in kept
        axis = self.layer.stated[name]
        inside = -len(self.x) <= axis < len(self.x)
        return beside or not inside or self.x[axis] != self.given.get(name)


def spellings(layer: Layer, given: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """A module's arguments as they may have been written, and with each word that the module has no argument for."""
    parameters = layer.parameters
    known = {name: value for name, value in given.items() if name in parameters}
    # torch keeps `(2, 2)` for 2, and a `dim` that counts the batch: both ways may be what was written.
    plain = [_spelled(known, single, inside) for single, inside in product((True, False), repeat=2)]
    # A word such as `causal` or `mode` may choose the class and be kept by no module.
    choices = [(name, word) for name, parameter in parameters.items() for word in _words(parameter)]
    seen: list[dict[str, object]] = []
    for values in (*plain, *({**spelling, name: word} for spelling in plain for name, word in choices)):
        if values not in seen:
            seen.append(values)
            yield values


def built(result: Result) -> nn.Module:
    """The module that a rule asks for, without memory for its weights."""
    # Thousands of attempts are made, and only the settings are compared.
    with warnings.catch_warnings(action="ignore"), torch.device("meta"):
        module: nn.Module = construct(result.call)
    return module


def _entered(layer: Layer, x: Shape, values: Mapping[str, object]) -> Shape:
    """The input's shape, with the sizes that the layer states of it."""
    shape = list(x)
    for name, axis in layer.stated.items():
        size = values.get(name)
        if isinstance(size, int) and -len(x) <= axis < len(x):
            shape[axis] = size
    return tuple(shape)


def _words(parameter: Parameter) -> Iterable[object]:
    return (True, False) if parameter.options == (bool,) else parameter.choices


def _spelled(known: Mapping[str, object], single: bool, inside: bool) -> dict[str, object]:
    """The arguments as they may have been written: (2, 2) as 2, and dimensions counted inside a sample."""
    values = {name: _within(value) if inside and "dim" in name else value for name, value in known.items()}
    return {name: _single(value) if single else value for name, value in values.items()}


def _single(value: object) -> object:
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _within(value: object) -> object:
    """A `dim` counted from the first dimension after the batch; a list of all of them loses the batch."""
    if isinstance(value, tuple):
        # A list of dimensions that begins with the batch is a whole permutation.
        return tuple(map(_within, value[1:] if value[:1] == (0,) else value))
    return value - 1 if type(value) is int and value > 0 else value
