"""What the lints look at: the layers in the order in which numbers pass through them, and the statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from netdsl.components.traits import Traits
from netdsl.core.records import record
from netdsl.core.source import Span
from netdsl.language.syntax import File, Statement, walk_statements
from netdsl.program import Experiment, Node, Siblings, Stretch, is_rewired


@record(frozen=True, eq=False, slots=True)
class PlacedLayer:
    """A layer in its place.

    Args:
        node: the layer; where it is kept once for several places, its path is that of one of them.
        traits: what is true of it.
        before: the layer whose output it alone receives; None where that is the input, or shared with others.
    """

    node: Node
    traits: Traits
    before: PlacedLayer | None

    @property
    def is_written(self) -> bool:
        """Whether the author wrote it, and not a rule in the author's stead, nor elsewhere, as what is used again."""
        return self.node.span.text == self.node.written and not self.node.again

    def argument(self, name: str, default: Any = None) -> Any:
        """An argument of its module: as written, else the layer's own default, else this one."""
        arguments, layer = self.node.call.arguments, self.node.layer
        # A rule may leave an argument out of the call where torch's default is the layer's.
        if name in arguments or layer is None or name not in layer.parameters:
            return arguments.get(name, default)
        return layer.parameters[name].default

    def chain(self) -> Iterator[PlacedLayer]:
        """The places before it, the nearest first."""
        place = self.before
        while place:
            yield place
            place = place.before


@record(frozen=True, eq=False)
class Program:
    """A checked file without errors."""

    experiment: Experiment
    file: File

    @cached_property
    def places(self) -> Sequence[PlacedLayer]:
        """Every layer in its place; of rounds that are alike the first and the last, which stand for those between."""
        return self._walked[0].places

    @cached_property
    def last(self) -> PlacedLayer | None:
        """The layer that gives the net's output; None where several do."""
        return self._walked[1]

    @cached_property
    def statements(self) -> dict[Span, Statement]:
        """Every statement of the file by its place, those in bodies among them."""
        return {statement.span: statement for statement in walk_statements(self.file.statements)}

    def everywhere(self, test: Callable[[PlacedLayer], bool]) -> Iterator[PlacedLayer]:
        """The statements of the file that a test holds for wherever they stand, a place for each."""
        return (places[0] for places in self._by_statement if all(map(test, places)))

    def somewhere(self, test: Callable[[PlacedLayer], bool]) -> Iterator[PlacedLayer]:
        """The statements of the file that a test holds for in one place at least, and the first such place."""
        found = (next(filter(test, places), None) for places in self._by_statement)
        return (place for place in found if place)

    @cached_property
    def _by_statement(self) -> Sequence[Sequence[PlacedLayer]]:
        """The places of every statement that the author of this file has written."""
        grouped: dict[Span, list[PlacedLayer]] = {}
        for place in self.places:
            if place.is_written and place.node.span in self.statements:
                grouped.setdefault(place.node.span, []).append(place)
        return list(grouped.values())

    @cached_property
    def is_rewired(self) -> bool:
        """Whether some layer receives another output than the one before it, or the net gives others than the last."""
        return is_rewired(self.experiment.network)

    @property
    def occurrences(self) -> Counter[Span]:
        """How many layers each statement stands for."""
        return self._walked[0].occurrences

    @cached_property
    def _walked(self) -> tuple[_Walk, PlacedLayer | None]:
        network = self.experiment.network
        walk = _Walk([], Counter())
        last = walk.sequence(network.nodes, network.call.arguments.get("keeps", {}), None, 1)
        return walk, None if network.call.arguments.get("outputs") else last


class _Walk(NamedTuple):
    """Follows the numbers through the net, and counts what stands for several rounds or uses as often."""

    places: list[PlacedLayer]
    occurrences: Counter[Span]

    def sequence(
        self, nodes: Sequence[Node | Stretch], kept: Any, before: PlacedLayer | None, times: int
    ) -> PlacedLayer | None:
        """Notes the places of layers that follow each other; returns the last."""
        for one in nodes.kept if isinstance(nodes, Siblings) else nodes:
            if isinstance(one, Stretch):
                # The first round follows another layer than the rest do, and what stands before those is the same.
                before = self.sequence(one.kept, kept, before, times)
                if one.times > 1:
                    before = self.sequence(one.kept, kept, before, times * (one.times - 1))
                continue
            # Behind a `from` it receives what others receive too.
            after = self._node(one, None if one.start else before, times)
            # A kept output goes to further layers too, so that the next one does not receive it alone.
            before = None if one.step in kept else after
        return before

    def _node(self, node: Node, before: PlacedLayer | None, times: int) -> PlacedLayer | None:
        traits = node.traits
        # A block with traits of its own is judged as a whole.
        if node.is_sequence and not traits:
            return self.sequence(node.children, node.call.arguments.get("keeps", {}), before, times)
        if (node.layer is None and not traits) or (node.layer and node.layer.is_composite):
            # Each body receives what others receive too.
            for child in node.children:
                self._node(child, None, times)
            return None
        place = PlacedLayer(node, traits, before)
        self.places.append(place)
        self.occurrences[node.span] += times
        return place
