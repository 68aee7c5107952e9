"""What comes of a quantity on its way through a net whose layers do not all follow the one above."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from netdsl.program import Network, Node

S = TypeVar("S")


def follow(network: Network, start: S, after: Callable[[Node, S], S], join: Callable[[Iterable[S]], S]) -> S:
    """What comes out of a net; each input begins with `start`, and several outputs are joined.

    `after` says what a layer makes of what comes in, `join` what becomes of several that meet.
    """
    # The label of a statement with a mistake stands for nothing, so that what follows it begins anew.
    seen = defaultdict(lambda: start, {one.name: start for one in network.all_inputs})
    return _through(network.nodes, network.call.arguments, start, seen, after, join)


def _through(
    nodes: Sequence[Node],
    wiring: Mapping[str, object],
    state: S,
    around: defaultdict[str, S],
    after: Callable[[Node, S], S],
    join: Callable[[Iterable[S]], S],
) -> S:
    """Siblings in their order; labels of the bodies around are in sight."""
    seen = around.copy()
    keeps = wiring.get("keeps", {})
    assert isinstance(keeps, Mapping)
    if "" in keeps:
        seen[keeps[""]] = state
    for node in nodes:
        state = seen[node.start] if node.start else state
        if node.is_sequence:
            state = _through(node.children, node.call.arguments, state, seen, after, join)
        else:
            ways = [_through(one.children, one.call.arguments, state, seen, after, join) for one in node.children]
            taken = [seen[label] for label in node.call.arguments.get("takes", ())]
            # Without bodies the current value is itself joined.
            state = join([*(ways or [after(node, state)]), *taken])
        seen[keeps.get(node.step, node.step)] = state
    outputs = wiring.get("outputs", ())
    return join([seen[label] for label in outputs]) if isinstance(outputs, tuple) and outputs else state
