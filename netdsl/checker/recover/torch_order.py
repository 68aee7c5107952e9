"""Whether the numbers of a call such as `conv(3, 32, 5)` stand in torch's order, by the layer's signature."""

from __future__ import annotations

from collections.abc import Set

from netdsl.components.registry import Registry
from netdsl.language.recovery.torch_order import IsTorchOrder


def torch_order(registry: Registry) -> IsTorchOrder:
    """The answer for the layers of a registry.

    The first number is the size that comes in if there are enough for every required parameter besides: torch's order
    is `conv(3, 32, 5)`, and `conv(32, 5)` can only be 32 channels and a kernel of 5.
    """

    def is_torch_order(name: str, numbers: int, given: Set[str]) -> bool:
        layer = registry.layers.get(name)
        if layer is None or layer.flow is None:
            return False
        named = {layer.resolve(word) for word in given}
        needed = {layer.flow[0], *layer.required} - named
        return numbers >= max(2, len(needed))

    return is_torch_order
