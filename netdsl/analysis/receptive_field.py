"""How far a net sees and how deep it is, read off its layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from netdsl.analysis.wiring import follow
from netdsl.components.traits import Trait
from netdsl.core.limits import MAX_ELEMENTS
from netdsl.core.sizes import Unknown
from netdsl.program import Network, Node, is_rewired, stretches


class Field(NamedTuple):
    """How many input pixels an output pixel sees along an axis, and how far apart neighbours' centres are."""

    size: Fraction = Fraction(1)
    step: Fraction = Fraction(1)


def receptive_field(network: Network) -> int:
    """The input pixels along its widest axis that one output depends on, the image's border left out of account.

    r ← r + d(k − 1)·j and j ← j·s, layer by layer (Araujo et al., "Computing Receptive Fields of Convolutional
    Neural Networks", Distill 2019); of branches the widest counts. What mixes all positions ends the count.
    """
    if is_rewired(network):
        return int(follow(network, Field(), _after, _widest).size)
    return int(_through(network.nodes, Field()).size)


def depth(network: Network) -> int:
    """The layers with weights on the longest way through the net, as papers count them: 50 of a ResNet-50."""
    if is_rewired(network):
        return follow(network, 0, lambda node, before: before + _has_weights(node), max)
    return _depth(network.nodes)


def _depth(nodes: Sequence[Node]) -> int:
    return sum(len(rounds) * sum(map(_depth_of, rounds[0])) for rounds in stretches(nodes))


def _depth_of(node: Node) -> int:
    if not node.children:
        return _has_weights(node)
    if node.is_sequence:
        return _depth(node.children)
    return max(map(_depth_of, node.children))


def _has_weights(node: Node) -> bool:
    return node.params + node.shared > 0 and node.layer is not None and Trait.RESCALES not in node.traits


def _through(nodes: Sequence[Node], field: Field) -> Field:
    for rounds in stretches(nodes):
        # What a layer does to a field is linear in its step: what it does to a step of 1 says all.
        once = Field(Fraction(0))
        for node in rounds[0]:
            once = _after(node, once)
        field = _repeated(field, once, len(rounds))
    return field


def _repeated(field: Field, once: Field, times: int) -> Field:
    """The field behind so many rounds; `once` is what a round makes of no pixels that are 1 apart."""
    if once.step == 1:
        return Field(field.size + field.step * once.size * times, field.step)
    for _ in range(times):
        field = Field(field.size + field.step * once.size, field.step * once.step)
        # Neither end is a number that a net has: a step of nothing adds nothing, and no image is so large.
        if field.size > MAX_ELEMENTS or field.step < Fraction(1, MAX_ELEMENTS):
            break
    return field


def _after(node: Node, field: Field) -> Field:
    if node.children:
        if node.is_sequence:
            return _through(node.children, field)
        return _widest(_after(child, field) for child in node.children)
    arguments = node.call.arguments
    if "kernel_size" in arguments and len(node.out) > 1:
        extent = _largest(arguments.get("dilation", 1)) * (_largest(arguments["kernel_size"]) - 1)
        stride = _largest(arguments.get("stride") or arguments["kernel_size"])
        if "output_padding" in arguments:
            return Field(field.size + field.step * extent / stride, field.step / stride)
        return Field(field.size + field.step * extent, field.step * stride)
    return field


def _widest(fields: Iterable[Field]) -> Field:
    return max(fields, key=lambda one: one.size)


def _largest(size: Any) -> int:
    sizes = size if isinstance(size, tuple) else (size,)
    return max((part for part in sizes if not isinstance(part, Unknown)), default=1)
