"""How a layer joins its bodies: the one place of the pictures that asks."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.program import Node


class Join(NamedTuple):
    """How the outputs of arms become one.

    Args:
        sign: what stands in the circle, or the word beside it.
        with_input: whether the input takes part beside the only body.
        cuts: whether each arm receives a part of the input.
    """

    sign: str
    with_input: bool = False
    cuts: bool = False


SUM, PRODUCT, CONCAT = "+", "×", "concat"

JOINS = {
    "netdsl.modules:Residual": Join(SUM, with_input=True),
    "netdsl.modules:Scale": Join(PRODUCT, with_input=True),
    "netdsl.modules:Add": Join(SUM),
    "netdsl.modules:Concat": Join(CONCAT),
    "netdsl.modules:Split": Join(CONCAT, cuts=True),
}


def find_join(node: Node) -> Join:
    """How a composite joins its bodies; of one that is not known, its name."""
    named = {"residual": "Residual", "scale": "Scale", "add": "Add", "concat": "Concat", "split": "Split"}
    # a composite with a mistake in it has no module of its own
    target = node.call.target if node.call.target in JOINS else f"netdsl.modules:{named.get(node.name, '')}"
    return JOINS.get(target, Join(node.name))
