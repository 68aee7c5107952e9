"""How much memory a net takes, counted from its shapes."""

from __future__ import annotations

from netdsl.core.sizes import Dim, product
from netdsl.program import Network

BYTES = 4
"""Of one number in fp32."""


def weight_bytes(network: Network) -> int:
    """Of what the net learns, in fp32."""
    return network.params * BYTES


def activation_bytes(network: Network) -> Dim:
    """Of one sample and of every layer's output for it, in fp32: what training keeps for the backward pass."""
    numbers: Dim = 0
    for one in network.all_inputs:
        numbers = numbers + product(one.shape)
    for node, times in network.count_nodes():
        if not node.is_sequence:  # the output of a mere sequence is its last layer's
            numbers = numbers + times * product(node.out)
    return numbers * BYTES
