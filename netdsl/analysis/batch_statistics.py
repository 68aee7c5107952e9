"""Layers that normalise over the batch, and what they need of it."""

from __future__ import annotations

from netdsl.components.traits import Trait
from netdsl.core.sizes import Dim
from netdsl.program import Network, Node


def find_single_value(network: Network) -> Node | None:
    """The first layer that would have to normalise a single value in a batch of one sample, which torch refuses."""
    return next((node for node, _ in network.count_nodes() if _normalises_single_values(node)), None)


def _normalises_single_values(node: Node) -> bool:
    positions: tuple[Dim, ...] = node.input[1:]
    return Trait.NORMALISES in node.traits and all(size == 1 for size in positions)
