"""What the lints look at: the layers in the order in which numbers pass through them, and the statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from netdsl.core.source import Span
from netdsl.language.syntax import Body, File, Statement
from netdsl.program import SEQUENTIAL, Experiment, Node

SEQUENCES = (SEQUENTIAL.target, "netdsl.modules:Skipping")


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A layer in its place.

    Args:
        node: the layer.
        target: what it builds, without the number of axes: `torch.nn:Conv`.
        before: the layer whose output it alone receives; None where that is the input, or shared with others.
    """

    node: Node
    target: str
    before: Place | None

    @property
    def is_written(self) -> bool:
        """Whether the author wrote it, and not a rule in the author's stead."""
        return self.node.span.text == self.node.written

    def argument(self, name: str, default: Any = None) -> Any:
        """An argument of its module."""
        return self.node.call.arguments.get(name, default)

    def chain(self) -> Iterator[Place]:
        """The places before it, the nearest first."""
        place = self.before
        while place:
            yield place
            place = place.before


@dataclass(frozen=True)
class Program:
    """A checked file without errors."""

    experiment: Experiment
    file: File

    @cached_property
    def places(self) -> Sequence[Place]:
        """Every layer in its place."""
        return self._walked[0]

    @cached_property
    def last(self) -> Place | None:
        """The layer that gives the net's output; None where several do."""
        return self._walked[1]

    @cached_property
    def statements(self) -> dict[Span, Statement]:
        """Every statement of the file by its place, those in bodies among them."""
        return {statement.span: statement for statement in walk(self.file.statements)}

    def everywhere(self, test: Callable[[Place], bool]) -> Iterator[Place]:
        """The statements of the file that a test holds for wherever they stand, a place for each."""
        return (places[0] for places in self._by_statement if all(map(test, places)))

    def somewhere(self, test: Callable[[Place], bool]) -> Iterator[Place]:
        """The statements of the file that a test holds for in one place at least, and the first such place."""
        found = (next(filter(test, places), None) for places in self._by_statement)
        return (place for place in found if place)

    @cached_property
    def _by_statement(self) -> Sequence[Sequence[Place]]:
        """The places of every statement that the author of this file has written."""
        grouped: dict[Span, list[Place]] = {}
        for place in self.places:
            if place.is_written and place.node.span in self.statements:
                grouped.setdefault(place.node.span, []).append(place)
        return list(grouped.values())

    @cached_property
    def occurrences(self) -> Counter[Span]:
        """How many layers each statement stands for."""
        return Counter(place.node.span for place in self.places)

    @cached_property
    def _walked(self) -> tuple[Sequence[Place], Place | None]:
        network = self.experiment.network
        walk = _Walk([])
        last = walk.sequence(network.nodes, network.call.arguments.get("keeps", {}), None)
        return walk.places, last


class _Walk(NamedTuple):
    """Follows the numbers through the net."""

    places: list[Place]

    def sequence(self, nodes: Sequence[Node], kept: Any, before: Place | None) -> Place | None:
        """Notes the places of layers that follow each other; returns the last."""
        for node in nodes:
            after = self._node(node, before)
            before = None if node.key in kept else after
        return before

    def _node(self, node: Node, before: Place | None) -> Place | None:
        if node.call.target in SEQUENCES:
            return self.sequence(node.children, node.call.arguments.get("keeps", {}), before)
        if node.layer is None or node.layer.is_composite:
            for child in node.children:
                self._node(child, None)
            return None
        place = Place(node, plain(node.call.target), before)
        self.places.append(place)
        return place


@cache
def plain(target: str) -> str:
    """A target without the number of axes."""
    return target.removesuffix("1d").removesuffix("2d").removesuffix("3d")


def walk(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Statements, each before those in its bodies."""
    for statement in statements:
        yield statement
        for item in statement.items:
            if isinstance(item, Body):
                yield from walk(item.statements)
