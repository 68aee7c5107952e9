"""The classes of an exported file: one for the net, one for each block, one for each body with labelled outputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from netdsl.core.sizes import Shape
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.export.python.definition import Definition
from netdsl.export.python.expressions import Expressions, Made
from netdsl.export.python.names import class_name, unused
from netdsl.export.python.parameters import Differ, Parameters
from netdsl.export.python.signatures import REQUIRED
from netdsl.export.python.sources import reserved
from netdsl.program import SEQUENTIAL, SKIPPING, NetInput, NetOutput, Network, Node

Key = tuple[object, ...]
"""The key of a class, which all its uses share: a block's name, or a place of the text."""

NEAREST = 8
"""A further use of a block is compared with at most so many of the block's classes."""


@dataclass
class Classes:
    """Writes the classes of a net. `texts` are the written ones, each after those that it needs."""

    expressions: Expressions = field(default_factory=Expressions)
    texts: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    uses: dict[Key, list[Node]] = field(default_factory=dict)
    inner: dict[Key, dict[Key, None]] = field(default_factory=dict)
    parents: dict[str, Node] = field(default_factory=dict)

    def write(self, network: Network, name: str) -> None:
        """Writes all classes. The net's own has this name and comes last."""
        self.names |= {name, *reserved()}
        for node in network.nodes:
            self._find(node, ())
        # Inner bodies are defined together with the outer ones.
        for key in self.inner.get((), ()):
            self._define(key)
        span = Source("", "").span(0, 0)
        root = Node("", "", None, "", span, network.input, network.out, network.call, 0, 0, children=network.nodes)
        # The class of the net has one use, so nothing becomes a parameter.
        self.texts.append(Definition(self.expressions, [root], Parameters(1)).text(name, summary(network)))

    def _find(self, node: Node, around: Key) -> None:
        """Notes the nodes that become classes, and their nesting."""
        # It is an instance of a class already.
        if node.again:
            return
        key = _key(node)
        if key:
            self.uses.setdefault(key, []).append(node)
            self.inner.setdefault(around, {})[key] = None
        for child in node.children:
            self.parents[child.path] = node
            self._find(child, key or around)

    def _define(self, key: Key) -> None:
        """Writes the classes of all uses of a block or a body; inner ones come first."""
        # Removed first: a key that comes again is being written or is written already.
        nodes = self.uses.pop(key, None)
        if nodes is None:
            return
        # A class must stand above the classes that use it.
        for other in self.inner.get(key, ()):
            self._define(other)
        alike: dict[object, list[Node]] = {}
        # Equal uses are tried once, because deep nets have thousands of them.
        for node in nodes:
            alike.setdefault(self.expressions.identity(node), []).append(node)
        groups = self._groups([same[0] for same in alike.values()])
        for number, (firsts, made) in enumerate(groups, 1):
            base = self._base_name(firsts[0])
            name = unused(f"{base}{number}" if len(groups) > 1 else base, self.names)
            self.names.add(name)
            self.texts.append(made.text(name, self._docstring(firsts[0], len(groups) > 1)))
            for index, first in enumerate(firsts):
                arguments = made.parameters.arguments(index)
                use = Made(name, made.parameters.signature, arguments, tuple(sorted(first.takes)))
                for node in alike[self.expressions.identity(first)]:
                    self.expressions.made[node.path] = use
        # From here on these nodes are instances of a class, so their identity has changed.
        for node in nodes:
            self.expressions.forget(node)

    def _groups(self, nodes: Sequence[Node]) -> list[tuple[list[Node], Definition]]:
        """Groups of uses with one class each: a single group, if the uses are similar enough."""
        whole = self._try(nodes)
        if whole:
            return [(list(nodes), whole)]
        groups: list[tuple[list[Node], Definition]] = []
        for kind in _kinds(nodes):
            for index in range(max(0, len(groups) - NEAREST), len(groups)):
                joined = self._try([*groups[index][0], *kind])
                if joined:
                    groups[index] = [*groups[index][0], *kind], joined
                    break
            else:
                alone = self._try(kind)
                assert alone is not None, "uses that differ in numbers alone fit one class"
                groups.append((kind, alone))
        return groups

    def _try(self, nodes: Sequence[Node]) -> Definition | None:
        blocks = [node.block for node in nodes if node.block]
        given = {name: [block.arguments[name] for block in blocks] for name in (blocks[0].arguments if blocks else ())}
        try:
            return Definition(self.expressions, nodes, Parameters(len(nodes), given, _defaults(_header(nodes[0]))))
        except Differ:
            return None

    def _base_name(self, node: Node) -> str:
        if node.block:
            return class_name(node.block.name)
        parent = self.parents.get(node.path)
        if node.layer is None and parent is not None:
            return f"{class_name(parent.name)}{'Branch' if node.key.isdigit() else class_name(node.key)}"
        return f"{class_name(node.name)}Skips"

    def _docstring(self, node: Node, one_of_several: bool) -> str:
        if node.block:
            use = f", as `{_one_line(node.written)}` uses it" if one_of_several else ""
            return f"The block `{_header(node)}`{use}."
        parent = self.parents.get(node.path)
        if node.layer is None and parent is not None:
            return f"A body of `{_one_line(parent.written)}`."
        return f"`{_one_line(node.written)}`, whose bodies are given outputs from above."


def summary(network: Network) -> str:
    """Input and output shape, `(N, 3, 32, 32) -> (N, 10)`, and the number of parameters."""
    shapes = f"{_listed(network.all_inputs)} -> {_listed(network.all_outputs)}"
    fits = f"\n\nSizes that fit: {network.fits}." if network.fits else ""
    begins = ""
    if network.inits:
        lines = ", ".join(f"`init {_one_line(use.span.text)}`" for use in network.inits if use.span)
        begins = "\n\n" + text("Its weights begin as torch draws them, not as the file says: {lines}.", lines=lines)
    return f"{shapes}, with {network.params:,} parameters.{fits}{begins}"


def _listed(tensors: Sequence[NetInput] | Sequence[NetOutput]) -> str:
    """`user (N, 1) of indices, item (N, 1) of indices`."""
    words = []
    for one in tensors:
        indices = " of indices" if isinstance(one, NetInput) and one.dtype == "index" else ""
        words.append(f"{one.name} {_batched(one.shape)}{indices}".strip())
    return ", ".join(words)


def _batched(shape: Shape) -> str:
    """`(N, 3, H, W//2)`."""
    return f"(N, {', '.join(str(dim).replace('/', '//') for dim in shape)})" if shape else "(N,)"


def _key(node: Node) -> Key:
    """The key of a node that becomes a class; empty for a node that is written in place."""
    if node.block:
        return ("block", node.block.name)
    labelled = any(not child.key.isdigit() for child in node.children)
    # A label needs an attribute, which only a class has.
    if node.layer is None and (labelled or node.call != SEQUENTIAL):
        return ("body", node.key, *node.span)
    if node.layer is not None and (node.call.target == SKIPPING.target or any(child.takes for child in node.children)):
        return ("composite", *node.span)
    return ()


def _kinds(nodes: Iterable[Node]) -> Iterable[list[Node]]:
    kinds: dict[object, list[Node]] = {}
    for node in nodes:
        kinds.setdefault(_structure(node), []).append(node)
    return kinds.values()


def _structure(node: Node) -> object:
    """The structure of a node: nodes that differ only in numbers have the same."""
    # Arguments of containers change `forward`; arguments of layers can become parameters.
    arguments = repr(node.call.arguments) if node.children else tuple(node.call.arguments)
    key = "" if node.step.isdigit() else node.step
    children = tuple(map(_structure, node.children))
    # The place in the text distinguishes statements that look the same.
    return node.call.target, arguments, key, node.span.start, (node.start, *sorted(node.takes)), children


def _header(node: Node) -> str:
    """A block's definition up to its body, as written in its file."""
    name = node.block.name if node.block else ""
    text = node.children[0].span.source.text if node.children else ""
    # A block may be defined in another file, so the source is that of its body.
    found = re.search(rf"\bblock\s+({re.escape(name)}\b[^{{]*)", text)
    return _one_line(found[1]) if found else name


def _defaults(header: str) -> dict[str, Any]:
    """The defaults of a definition that are plain numbers or booleans."""
    found = {name: _constant(text) for name, text in re.findall(r"(\w+)=(\S+)", header)}
    return {name: value for name, value in found.items() if value is not REQUIRED}


def _constant(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    kind = int if re.fullmatch(r"-?\d{1,9}", text) else float if re.fullmatch(r"-?\d+\.\d+", text) else None
    return REQUIRED if kind is None else kind(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
