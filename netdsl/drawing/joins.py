"""How a composite joins its bodies, by its traits."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.components.traits import Trait
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

SIGNS = {Trait.ADDS: SUM, Trait.MULTIPLIES: PRODUCT, Trait.CONCATENATES: CONCAT}


def find_join(node: Node) -> Join:
    """How a composite joins its bodies; of one whose traits do not say it, its name."""
    if node.layer is None or callable(node.layer.traits):
        # A composite with a mistake in it may lack the arguments that its traits depend on.
        return Join(node.name)
    traits = node.layer.traits
    sign = next((sign for trait, sign in SIGNS.items() if trait in traits), node.name)
    return Join(sign, Trait.INCLUDES_INPUT in traits, node.layer.feeds is not None)
