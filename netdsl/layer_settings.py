"""Which layers have which settings, where a line gives some to the layers of a name: `head.lr=0.1 norm.weight_decay=0`.

A layer has all that its names are given. Where two give the same setting, the name counts whose layers all go by the
other name too: what is said of fewer layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import combinations
from typing import Any, NamedTuple

from netdsl.layer_names import find_weighted
from netdsl.program import LayerSettings, Network


class Clash(NamedTuple):
    """Two names that give a layer different values of a setting, neither of which lies in the other."""

    setting: str
    first: LayerSettings
    second: LayerSettings
    path: str


def settle_settings(network: Network, given: Sequence[LayerSettings]) -> dict[str, dict[str, Any]]:
    """By the path of each layer with weights that has a name, the settings that it is given."""
    reached = _reach(network, given)
    settled: dict[str, dict[str, Any]] = {}
    # What is said of fewer layers comes later, and takes the place of what is said of more.
    for one in sorted(given, key=lambda one: -len(reached[one.name])):
        for path in reached[one.name]:
            settled.setdefault(path, {}).update(one.arguments)
    return settled


def find_clashes(network: Network, given: Sequence[LayerSettings]) -> Iterator[Clash]:
    """The settings that a layer is given twice, where it is unknown which one counts."""
    reached = _reach(network, given)
    for first, second in combinations(given, 2):
        mine, others = reached[first.name], reached[second.name]
        if mine < others or others < mine:
            continue
        for setting in first.arguments.keys() & second.arguments.keys():
            # A third name, which lies in both, may decide.
            inner = (reached[one.name] for one in given if setting in one.arguments)
            decided = set().union(*(layers for layers in inner if layers < mine and layers < others))
            contested = (mine & others) - decided
            if contested and first.arguments[setting] != second.arguments[setting]:
                yield Clash(setting, first, second, next(path for path, _ in network.places() if path in contested))


def _reach(network: Network, given: Sequence[LayerSettings]) -> Mapping[str, Set[str]]:
    return {one.name: {path for path, _ in find_weighted(network, [one.name])} for one in given}
