"""The words by which lines around a net name layers of it: `on=conv`, `except=head`, `freeze=stem`, `head.lr=0.1`.

A word is a label, the name of a layer, of its family or of a block, or a path. It stands for the layers that it names,
and for all layers in them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from netdsl.components.traits import Trait
from netdsl.program import InitUse, Network, Node, add_up


def names_of(path: str, node: Node) -> set[str]:
    """What a layer goes by: its label, also without the number of a copy, its name, its family, its block's name."""
    labels = {label for label in (path.rpartition(".")[2], node.again) if not label.isdigit()}
    copied = {label.rpartition("_")[0] for label in labels if label.rpartition("_")[2].isdigit()}
    kinds = {node.layer.name, node.layer.form_of, node.layer.family} if node.layer else set()
    return (labels | copied | kinds | {node.block.name if node.block else ""}) - {""}


def find_named(network: Network, word: str) -> Iterator[tuple[str, Node]]:
    """The layers that a word names, each with its path."""
    return ((path, node) for path, node in network.places() if word == path or word in names_of(path, node))


def find_reached(network: Network, words: Collection[str]) -> Iterator[tuple[str, Node]]:
    """The layers that one of some words names, and all layers in them, in the order of the net."""
    inside = ""
    for path, node in network.places():  # what is in a layer comes right after it
        if inside and path.startswith(inside):
            yield path, node
        elif path in words or not names_of(path, node).isdisjoint(words):
            inside = f"{path}."
            yield path, node


def find_weighted(network: Network, words: Collection[str]) -> Iterator[tuple[str, Node]]:
    """Of the layers that some words name, and of those in them, the ones that have weights of their own.

    A module that is used once more has them where it stands first, whichever of its uses a word names.
    """
    reached = {path for path, _ in find_reached(network, words)}
    return ((path, node) for path, node in network.places() if path in reached and has_own_weights(node))


def has_own_weights(node: Node) -> bool:
    """Whether a layer has weights besides those of the layers in it."""
    return node.params > add_up(node.children)[0]


def find_filled(network: Network, use: InitUse) -> Iterator[tuple[str, Node]]:
    """The layers whose weights an `init` line fills: without names, all but normalisations."""
    named = use.settings.on
    for path, node in find_weighted(network, named) if named else network.places():
        fills = named or not node.traits & {Trait.NORMALISES, Trait.RESCALES}
        if fills and node.params and not node.children and node.layer is not None:
            yield path, node
