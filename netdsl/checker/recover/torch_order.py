"""Whether the numbers of a statement such as `conv(3, 32, 5)` can stand in torch's order, by the layer's signature."""

from __future__ import annotations

from collections.abc import Set

from netdsl.components import Layer
from netdsl.components.registry import Registry
from netdsl.language.recovery.torch_order import IsTorchOrder


def torch_order(registry: Registry) -> IsTorchOrder:
    """The function that answers for the layers of a registry."""

    def is_torch_order(name: str, numbers: int, given: Set[str]) -> bool:
        layer = registry.layers.get(name)
        return layer is not None and can_be_torch_order(layer, numbers, {layer.resolve(word) for word in given})

    return is_torch_order


def can_be_torch_order(layer: Layer, numbers: int, given: Set[str | None] = frozenset()) -> bool:
    """Whether so many numbers can be the input size, the output size, and then the required parameters.

    Torch's order is `conv(3, 32, 5)`; `conv(32, 5)` can only be 32 channels and a kernel of 5. `given` are the
    parameters that are given by name.
    """
    sizes = layer.flow
    return sizes is not None and numbers >= 2 + sum(name not in sizes and name not in given for name in layer.required)
