"""The rows of the table that `netdsl shapes` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import chain
from typing import NamedTuple

from netdsl.core.records import record
from netdsl.core.sizes import Dim, Expr, evaluate, format_shape, symbols
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.program import Network, Node, kept_nodes
from netdsl.render.folding import fold

INDENT = "  "


class Row(NamedTuple):
    """One line of the table, and the arithmetic that `--explain` puts below it."""

    line: str
    layer: str
    out: str
    params: str
    macs: str
    composite: bool = False
    arithmetic: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """The columns in their order."""
        return self.line, self.layer, self.out, self.params, self.macs


class Sample(NamedTuple):
    """The sizes at which formulas over symbols are worked out, and the shape in words; none where they stay."""

    shape: str = ""
    values: Mapping[str, int] | None = None

    @classmethod
    def of(cls, network: Network) -> Sample:
        """One input that fits, where the net's own input leaves sizes open."""
        if network.example is None or not symbols(network.input_dims):
            return cls()
        pairs = zip(network.input_dims, chain(*(one.example or () for one in network.all_inputs)), strict=True)
        values = {str(dim): size for dim, size in pairs if isinstance(dim, Expr)}
        inside = (dim for node, _ in network.count_nodes() for dim in (*node.out, node.macs))
        shapes = [f"{one.name} {format_shape(one.example or ())}".strip() for one in network.all_inputs]
        return cls(", ".join(shapes), values) if symbols(inside) <= values.keys() else cls()

    def number(self, dim: Dim) -> int | None:
        """What a size comes to, where that is known."""
        known = isinstance(dim, int) or self.values is not None
        return evaluate(dim, self.values or {}) if known else None

    def size(self, dim: Dim) -> str:
        """`2,457,600`, or the formula."""
        number = self.number(dim)
        return str(dim) if number is None else f"{number:,}"

    def cost(self, dim: Dim) -> str:
        """The same, and `-` for what costs nothing."""
        return "-" if isinstance(dim, int) and dim == 0 else self.size(dim)


@record(frozen=True, eq=False)
class TableRows:
    """Makes rows of nodes; those of copies are one object.

    Args:
        source: the file whose lines are counted.
        sample: what symbols are worked out for.
        full: writes out what is repeated.
        deepest: the nesting beyond which nothing is shown; None shows all.
    """

    source: Source
    sample: Sample
    full: bool = False
    deepest: int | None = None
    _made: dict[tuple[int, int], tuple[Node, Row]] = field(default_factory=dict)

    def of(self, nodes: Sequence[Node], depth: int = 0) -> Iterator[Row]:
        """The rows of siblings and of all that is in them; what is repeated stands once with its number."""
        if self.full:
            yield from self._stretch(kept_nodes(nodes), depth)
            return
        for stretch, times in fold(nodes):
            if times > 1:
                yield from self.of(stretch, depth)
                yield self._repetition(stretch, times - 1, depth)
            else:
                yield from self._stretch(stretch, depth)

    def _stretch(self, nodes: Iterable[Node], depth: int) -> Iterator[Row]:
        for node in nodes:
            # Of copies nothing in a row is different.
            place = id(node), depth
            if place not in self._made:
                # With the node itself: made for its path, it would go, and the next could come to its place in memory.
                self._made[place] = node, self._row(node, depth)
            yield self._made[place][1]
            if node.children and (self.deepest is None or depth < self.deepest):
                yield from self.of(_inside(node), depth + 1)

    def _row(self, node: Node, depth: int) -> Row:
        # A line number of another file would be read as one of this file.
        own = node.span.source is self.source
        return Row(
            line=str(node.span.position.line) if own else "",
            layer=INDENT * depth + _written(node),
            out=format_shape(node.out),
            params=self.sample.cost(node.params),
            macs=self.sample.cost(node.macs),
            composite=bool(node.children),
            arithmetic=tuple(dict.fromkeys(node.formula)),
        )

    def _repetition(self, stretch: Sequence[Node], times: int, depth: int) -> Row:
        """What the further repetitions come to together."""
        macs: Dim = 0
        for node in stretch:
            macs = macs + node.macs
        if len(stretch) == 1:
            which = text("{times} more", times=times)
        else:
            which = text("{times} more of these {layers}", times=times, layers=len(stretch))
        return Row(
            line="",
            layer=f"{INDENT * depth}… {which}",
            out=format_shape(stretch[-1].out),
            params=self.sample.cost(times * sum(node.params for node in stretch)),
            macs=self.sample.cost(times * macs),
        )


def _inside(node: Node) -> Sequence[Node]:
    """What is shown in a node: a body that is its only one is shown as its layers."""
    only = len(node.children) == 1 and _is_body(node.children[0])
    return node.children[0].children if only else node.children


def _is_body(node: Node) -> bool:
    return node.layer is None and node.name == node.key


def _written(node: Node) -> str:
    # A statement may reach over several lines.
    written = " ".join(node.written.split())
    return text("body {number}", number=written) if _is_body(node) and written.isdigit() else written
