"""From containers to text: children in order, nested ones as blocks, modules with bodies as composites."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from torch import nn

from netdsl.components import Layer, Refusal, Result
from netdsl.components.registry import Registry
from netdsl.core.errors import UnsupportedModule
from netdsl.core.sizes import Shape
from netdsl.core.text import text
from netdsl.importer.layers import Layers, ModulePlace, no_layer_makes, spellings
from netdsl.importer.reading import arguments, children_in_order, is_container, kind, target
from netdsl.importer.writing import RESERVED, statement
from netdsl.language.statements import AGAIN, STATEMENTS

NAME = re.compile(r"[^\W\d]\w*")

Labels = ChainMap[str, Shape]
"""The labelled outputs in sight, and their shapes."""


@dataclass(frozen=True, slots=True)
class Written:
    """Statements, and the shape that they leave."""

    statements: Sequence[str]
    out: Shape

    @property
    def body(self) -> str:
        """`{ conv 3->8 k3; relu }`."""
        return f"{{ {'; '.join(self.statements)} }}" if self.statements else "{ }"


class Bodies:
    """Writes containers; `blocks` are the definitions that they have come to need, by body.

    `assumes` is the layout that the first layer must take for granted; empty where the text says what comes in.
    `progress` counts the layers that have been written.
    """

    def __init__(self, registry: Registry, layers: Layers, assumes: str) -> None:
        self.layers = layers
        self.assumes = assumes
        self.progress = 0
        self.composites = [layer for layer in registry.layers.values() if layer.is_composite]
        self.words = {*registry.layers, *RESERVED, *STATEMENTS}
        self.blocks: dict[str, str] = {}

    def write(self, container: nn.Module, x: Shape, labels: Labels, path: str = "", terse: bool = False) -> Written:
        """The statements of a container's children."""
        statements, places = list[str](), dict[str, int]()
        for key in children_in_order(container):
            at, child = f"{path}.{key}" if path else key, container.get_submodule(key)
            line, out = self._child(child, ModulePlace(x, at, terse), labels)
            if key in places:
                # It is written where it stands first.
                statements.append(f"{AGAIN.name} {key}")
                x = out
                continue
            x, place = out, places.setdefault(key, len(places))
            # A child that goes by its place needs no label.
            if key != str(place):
                labels[_label(key, place, at)] = x
                line = f"{line} as {key}"
            statements.append(line)
        return Written(statements, x)

    def definitions(self) -> Iterator[str]:
        """The blocks, each after those that it uses."""
        return (f"block {name} {body}" for body, name in self.blocks.items())

    def _child(self, module: nn.Module, place: ModulePlace, labels: Labels) -> tuple[str, Shape]:
        if is_container(module):
            # A block has labels of its own; it is terse, since its uses may differ in their sizes.
            written = self.write(module, place.x, Labels(), place.path, terse=True)
            return self._block(written.body, module, place.path.rpartition(".")[2]), written.out
        children = dict(module.named_children())
        # A ModuleList without children may be a composite whose bodies are all labelled outputs.
        if all(map(is_container, children.values())) and (children or isinstance(module, nn.ModuleList)):
            return self._composite(module, children, place, labels)
        taken = tuple((label, labels[label]) for label in getattr(module, "takes", ()) if label in labels)
        found = self.layers.statement(module, replace(place, assumes=self.assumes, taken=taken))
        # Only the first layer can say what comes in.
        self.assumes, self.progress = "", self.progress + 1
        return found.text, found.out

    def _block(self, body: str, module: nn.Module, key: str) -> str:
        """The name of the block with this body: of its class, else its first use's own, if it can be a block's."""
        if body not in self.blocks:
            taken = {*self.words, *self.blocks.values()}
            first = _class_name(module) or (key if NAME.fullmatch(key) and key not in self.words else "block")
            counted = first in {*self.words, "block"}
            # One more name than are taken: one of them is free.
            stem = f"{first}_" if first[-1].isdigit() else first
            numbered = (f"{stem}{number}" for number in range(1 if counted else 2, len(taken) + 3))
            names = numbered if counted else chain([first], numbered)
            self.blocks[body] = next(name for name in names if name not in taken)
        return self.blocks[body]

    def _composite(
        self, module: nn.Module, children: Mapping[str, nn.Module], place: ModulePlace, labels: Labels
    ) -> tuple[str, Shape]:
        """The statement of a module with bodies: every composite is tried, and what its rule asks for is compared."""
        path = place.path
        # A composite of a plugin has no such attribute.
        use = CompositeUse(module, children, place.x, tuple(getattr(module, "takes", ())))
        reason: str | None = None
        for layer in self.composites:
            if not use.may_be(layer):
                continue
            try:
                fed = use.fed(layer)
                # Labels inside a body are out of sight outside it, but for the bodies that follow.
                seen, bodies = labels, dict[str, Written]()
                for key, child in children.items():
                    seen = seen.new_child()
                    bodies[key] = self.write(child, fed, seen, f"{path}.{key}", place.terse)
                found = use.statement(layer, bodies, labels)
            except Refusal as refusal:
                reason = refusal.message
                # Another composite may fit; the refusal is told only if none does.
                continue
            if found:
                return found
        raise no_layer_makes(module, path, reason)


@dataclass(frozen=True, slots=True)
class CompositeUse:
    """A module with bodies in its place; `takes` are the labelled outputs that join them."""

    module: nn.Module
    children: Mapping[str, nn.Module]
    x: Shape
    takes: tuple[str, ...]

    def may_be(self, layer: Layer) -> bool:
        """Whether a layer has room for these bodies, and makes this kind of module where that can be said at once."""
        if not self._has_room(layer):
            return False
        try:
            fed = self.fed(layer)
            # With the input in the place of each output: only the kind of module is asked for here.
            branches = self._branches(layer, [fed] * len(self.children), [self.x] * len(self.takes))
            result = layer.apply(self.x, **branches, **next(spellings(layer, arguments(self.module))))
        # With the real shapes it may fit: that is tried next.
        except Refusal:
            return True
        return result.call.target == target(self.module)

    def fed(self, layer: Layer) -> Shape:
        """What each body receives."""
        return layer.feeds(self.x, len(self.children)) if layer.feeds and self.children else self.x

    def statement(self, layer: Layer, bodies: Mapping[str, Written], labels: Labels) -> tuple[str, Shape] | None:
        """The statement of a layer with these bodies, if it makes the module."""
        taken = [labels[label] for label in self.takes if label in labels]
        branches = self._branches(layer, [written.out for written in bodies.values()], taken)
        given = arguments(self.module)
        for values in spellings(layer, given):
            result = layer.apply(self.x, **branches, **values)
            if self._makes(result):
                return self._text(layer, bodies, self._needed(layer, branches, values, result)), result.out
        return None

    def _has_room(self, layer: Layer) -> bool:
        if layer.takes_labels or any(parameter.is_many for parameter in layer.parameters.values()):
            numbered = list(self.children) == [str(index) for index in range(len(self.children))]
            return numbered and (layer.takes_labels or not self.takes)
        required = {name for name in layer.branches if layer.parameters[name].required}
        # All bodies that are required, and none for which there is no parameter.
        return required <= self.children.keys() <= set(layer.branches) and not self.takes

    def _branches(self, layer: Layer, outs: Sequence[Shape], taken: Sequence[Shape]) -> dict[str, Any]:
        many = next((name for name in layer.branches if layer.parameters[name].is_many), None)
        if many is None:
            return dict(zip(self.children, outs, strict=True))
        return {many: (*(outs or [self.x]), *taken)}

    def _makes(self, result: Result) -> bool:
        own = result.call.arguments.items()
        same = all(getattr(self.module, name, None) == value for name, value in own)
        # A body that a rule would write itself is not in the module.
        return result.call.target == target(self.module) and not result.extra and same

    def _needed(
        self, layer: Layer, branches: Mapping[str, Any], values: Mapping[str, Any], result: Result
    ) -> dict[str, Any]:
        """The arguments that cannot be left out."""
        kept = dict(values)
        for name in values:
            rest = {other: value for other, value in kept.items() if other != name}
            # Without it the same call comes out, so that it is a default.
            if layer.apply(self.x, **branches, **rest).call == result.call:
                kept = rest
        return kept

    def _text(self, layer: Layer, bodies: Mapping[str, Written], values: Mapping[str, Any]) -> str:
        name, *settings = statement(layer, values).split(" ")
        first = next(iter(layer.branches))
        words = [name]
        for key, written in bodies.items():
            # A body that has no other name stands first and unnamed.
            words += [written.body] if key.isdigit() or key == first else [key, written.body]
        return " ".join([*words, *self.takes, *settings])


def _class_name(container: nn.Module) -> str:
    """`basicblock` of a `BasicBlock`, as the language's names are; empty where the class is torch's or netdsl's own."""
    cls = type(container)
    name = cls.__name__.replace("_", "").lower()
    return name if kind(cls) is not cls and NAME.fullmatch(name) else ""


def _label(key: str, place: int, path: str) -> str:
    """The label of a child that does not go by its place."""
    # Keys out of order would be renumbered, and the weights of a saved net would fit no more.
    if key.isdigit():
        raise UnsupportedModule(
            text(
                "`{path}` stands at place {place}: the key of a module is its place, or a name", path=path, place=place
            )
        )
    if not NAME.fullmatch(key) or key in RESERVED:
        raise UnsupportedModule(text("`{path}` cannot be a label: a label is one word", path=path))
    return key
