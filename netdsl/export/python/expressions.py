"""Python expressions for nodes of a net. All uses of a block are written at once: differences become parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TypeVar

from netdsl.components import Call
from netdsl.core.errors import ExportError
from netdsl.core.text import text
from netdsl.export.python.layout import Argument, Expression, Group, InlineText, Optional, Repeated, flat
from netdsl.export.python.parameters import ABSENT, Column, Differ, Parameters, same
from netdsl.export.python.signatures import REQUIRED, Like, Signature, signature
from netdsl.export.python.slots import Body, Slot, slots
from netdsl.program import SEQUENTIAL, Node

T = TypeVar("T")

MODULES, NN = "netdsl.modules", "torch.nn"
SKIPS = ("takes", "keeps", "outputs", "shares")
"""Arguments of netdsl's own modules that are not written: the exported class has a `forward` instead."""

FEWEST = 3
"""A layer that stands so many times in a row is written as a loop."""

Uses = Sequence[Node | None]
"""One node of the text in each use of the block around it; None for a use without such a node."""


@dataclass(frozen=True, slots=True)
class Made:
    """A class of the exported file, as one node uses it. `takes` are the labels that its `forward` takes."""

    name: str
    signature: Signature
    arguments: Mapping[str, object]
    takes: tuple[str, ...] = ()


@dataclass
class Expressions:
    """Writes nodes. `made` are the nodes that have a class of their own, by path.

    `helpers`, `composites` and `packages` collect what the expressions need: modules of netdsl to write into the file,
    and packages to import.
    """

    made: dict[str, Made] = field(default_factory=dict)
    helpers: dict[str, None] = field(default_factory=dict)
    composites: dict[str, None] = field(default_factory=dict)
    packages: dict[str, None] = field(default_factory=dict)
    identities: dict[str, object] = field(default_factory=dict)

    def write(self, nodes: Uses, parameters: Parameters) -> Expression:
        """The constructor call of a node."""
        present = _present(nodes)
        if any(node.path in self.made for node in present):
            return self._use(nodes, parameters)
        first, target = present[0], only(node.call.target for node in present)
        # Without bodies and labels it is a plain module: `mul 0.17`.
        if first.layer is not None and first.layer.is_composite and (first.children or first.takes):
            return self._composite(nodes, parameters)
        if first.layer is None and target == SEQUENTIAL.target:
            return self._sequential(nodes, parameters)
        given = [None if node is None else node.call.arguments for node in nodes]
        function = self.function(first.call)
        if "takes" in first.call.arguments and first.call.target.startswith(MODULES):
            # What is called with labelled outputs has a text of its own.
            self.composites[function] = self.helpers.pop(function)
        return Group(f"{function}(", self._arguments(given, signature(first.call, first.layer), parameters))

    def items(self, bodies: Sequence[Body], parameters: Parameters) -> tuple[Argument, ...]:
        """The modules of a body in order, as arguments of an `nn.Sequential`; repetitions as comprehensions."""
        return folded([item for slot in slots(bodies) for item in self._slot(slot, parameters)])

    def item(self, nodes: Uses, parameters: Parameters) -> Argument:
        """One module and its statement as a comment."""
        written = {" ".join(node.written.split()) for node in _present(nodes)}
        return Argument(self.write(nodes, parameters), comment=written.pop() if len(written) == 1 else "")

    def function(self, call: Call) -> str:
        """The function or class to call; notes that it is needed."""
        module, _, name = call.target.partition(":")
        if module == NN:
            return f"nn.{name}"
        if module == MODULES:
            self.helpers[name] = None
            return name
        self.packages[module] = None
        return f"{module}.{name}"

    def identity(self, node: Node) -> object:
        """The identity of a node: nodes with the same expression have the same."""
        # A module that is used again has the path of its first use.
        place = f"{node.path} {node.again}" if node.again else node.path
        if place not in self.identities:
            made = self.made.get(node.path)
            what = (made.name, repr(made.arguments)) if made else (node.call.target, repr(node.call.arguments))
            key = "" if node.step.isdigit() else node.step
            children = () if made else tuple(map(self.identity, node.children))
            labels = (node.start, *sorted(node.takes))
            self.identities[place] = (what, key, node.span.start, labels, children)
        return self.identities[place]

    def forget(self, node: Node) -> None:
        """Removes the identity of a node that has become an instance of a class."""
        self.identities.pop(node.path, None)

    def _slot(self, slot: Slot, parameters: Parameters) -> list[Argument]:
        if len(slot.counts) > 1:
            return self._counted(slot, parameters)
        (count,) = slot.counts
        iterations = [self._stretch(slot.iteration(index), parameters) for index in range(count)]
        runs = [(elements, len(list(run))) for elements, run in groupby(iterations)]
        return [item for elements, times in runs for item in repeated(elements, times)]

    def _stretch(self, bodies: Sequence[Body], parameters: Parameters) -> tuple[Argument, ...]:
        """One iteration of a slot."""
        lengths = {len(body) for body in bodies if body is not None}
        if len(lengths) == 1:
            (length,) = lengths
            rows = ([None if body is None else body[index] for body in bodies] for index in range(length))
            return tuple(self.item(row, parameters) for row in rows)
        if len(slots(bodies)) == 1:
            raise Differ
        return self.items(bodies, parameters)

    def _counted(self, slot: Slot, parameters: Parameters) -> list[Argument]:
        """A slot whose number differs between uses: a loop, perhaps after a first one that differs."""
        before = parameters.copy()
        try:
            # An attempt may add parameters, which are removed if it fails.
            return [self._loop(slot, parameters)]
        except Differ:
            parameters.found = before.found
        if 0 in slot.counts:
            raise Differ
        # The first one of a stage often differs: it changes the size, and the others keep it.
        first = self._stretch(slot.iteration(0), parameters)
        return [*first, self._loop(slot.after_the_first(), parameters)]

    def _loop(self, slot: Slot, parameters: Parameters) -> Argument:
        for use in slot.iterations:
            # All iterations of one use must be equal, because the loop has one expression.
            only(tuple(map(self.identity, iteration)) for iteration in use or ((),))
        elements = self._stretch([use[0] if use else None for use in slot.iterations], parameters)
        counts = [ABSENT if use is None else len(use) for use in slot.iterations]
        return Argument(Repeated(elements, flat(parameters.count(counts)) or ""))

    def _use(self, nodes: Uses, parameters: Parameters) -> Expression:
        made = [None if node is None else self.made.get(node.path) for node in nodes]
        name = only(one.name if one else "" for one, node in zip(made, nodes, strict=True) if node is not None)
        first = next(one for one in made if one is not None)
        given = [one.arguments if one else None for one in made]
        return Group(f"{name}(", self._arguments(given, first.signature, parameters))

    def _sequential(self, nodes: Uses, parameters: Parameters) -> Expression:
        if not any(node.children for node in _present(nodes)):
            return InlineText("nn.Identity()")
        return Group(
            "nn.Sequential(", self.items([None if node is None else node.children for node in nodes], parameters)
        )

    def _composite(self, nodes: Uses, parameters: Parameters) -> Expression:
        first = _present(nodes)[0]
        bodies = self.bodies(nodes, parameters)
        # `residual matching` without a sum leaves its body in a Sequential, under the body's name.
        if first.call == SEQUENTIAL:
            return Group("nn.Sequential(", (Argument(Group("OrderedDict(", bodies)),))
        module, _, name = first.call.target.partition(":")
        if module == MODULES:
            self.composites[name] = None
            # In our own modules the body is the first argument, so it needs no name.
            bodies = tuple(replace(body, keyword="") if body.keyword == "body" else body for body in bodies)
        elif any(node.takes for node in _present(nodes)):
            raise ExportError(
                text(
                    "`{layer}` at `{path}` hands labelled outputs to `{module}`",
                    layer=first.name,
                    path=first.path,
                    module=first.call.dotted,
                )
            )
        given = [None if node is None else node.call.arguments for node in nodes]
        own = self._arguments(given, signature(first.call, first.layer), parameters, positional=False)
        function = name if module == MODULES else self.function(first.call)
        return Group(f"{function}(", (*bodies, *own))

    def bodies(self, nodes: Uses, parameters: Parameters) -> tuple[Argument, ...]:
        """The bodies of a composite as arguments; those with a name are keyword arguments."""
        keys = dict.fromkeys(child.key for node in _present(nodes) for child in node.children)
        return tuple(self._body(key, nodes, parameters) for key in keys)

    def _body(self, key: str, nodes: Uses, parameters: Parameters) -> Argument:
        found = [None if node is None else {child.key: child for child in node.children}.get(key) for node in nodes]
        there = [ABSENT if node is None else one is not None for node, one in zip(nodes, found, strict=True)]
        value = self.write(found, parameters)
        # A body that some uses lack becomes an argument that may be None.
        if False not in there:
            return Argument(value, keyword="" if key.isdigit() else key)
        if key.isdigit():
            raise Differ
        return Argument(Optional(value, parameters.flag(key, there)), keyword=key)

    def _arguments(
        self,
        given: Sequence[Mapping[str, object] | None],
        signature: Signature | None,
        parameters: Parameters,
        *,
        positional: bool = True,
    ) -> tuple[Argument, ...]:
        """Arguments that differ from the default in some use: required ones by position, others by name."""
        # The labels that a module takes are written in its `forward`.
        names = only(tuple(name for name in one if name not in SKIPS) for one in given if one is not None)
        columns = {name: [ABSENT if one is None else _plain(name, one[name]) for one in given] for name in names}
        known = signature or {}
        order = [*(name for name in known if name in columns), *(name for name in columns if name not in known)]
        needed = [name for name in order if not _is_usual(name, columns, known)]
        placed = _placed(needed, known) if positional and signature is not None else 0
        return tuple(
            Argument(
                parameters.express(name, columns[name], _constant(known.get(name, REQUIRED))),
                keyword="" if place < placed else name,
            )
            for place, name in enumerate(needed)
        )


def folded(items: Iterable[Argument]) -> tuple[Argument, ...]:
    """The items; equal ones in a row become a loop."""
    runs = [(item, len(list(run))) for item, run in groupby(items)]
    return tuple(item for element, times in runs for item in repeated((element,), times))


def repeated(elements: tuple[Argument, ...], times: int) -> list[Argument]:
    """The elements, repeated; many repetitions become a loop."""
    return [Argument(Repeated(elements, str(times)))] if times >= FEWEST else [*elements] * times


def only(values: Iterable[T]) -> T:
    """The single value that all have. Raises `Differ` if they differ."""
    first, *others = values
    if any(other != first for other in others):
        raise Differ
    return first


def _present(nodes: Uses) -> list[Node]:
    return [node for node in nodes if node is not None]


def _plain(name: str, value: object) -> object:
    """A value as one writes it: `nn.LayerNorm(64)`, not `nn.LayerNorm((64,))`."""
    return value[0] if name == "normalized_shape" and isinstance(value, tuple) and len(value) == 1 else value


def _is_usual(name: str, columns: Mapping[str, Column], signature: Signature) -> bool:
    """Whether an argument equals its default in every use."""
    default = signature.get(name, REQUIRED)
    if default is REQUIRED:
        return False
    # For pooling, a stride equal to the kernel size is torch's default.
    usual = columns[default.parameter] if isinstance(default, Like) else [default] * len(columns[name])
    pairs = zip(columns[name], usual, strict=True)
    return all(value is ABSENT or same(value, other) for value, other in pairs)


def _placed(needed: Sequence[str], signature: Signature) -> int:
    """How many arguments are positional: the required ones, or a single first parameter."""
    required = [name for name in signature if signature[name] is REQUIRED]
    if len(needed) == 1 and list(needed) == list(signature)[:1] and _is_amount(needed[0], signature):
        return 1
    return len(required) if list(needed[: len(required)]) == required else 0


def _is_amount(name: str, signature: Signature) -> bool:
    # A `dim` without its name says nothing to the reader; `Dropout(0.5)` does.
    return type(signature[name]) in (int, float) and "dim" not in name


def _constant(default: object) -> object:
    return REQUIRED if isinstance(default, Like) else default
