"""Classes and functions that are no components yet: torch's by their own names, and those that plugins name.

To read a signature is to import what it belongs to, torch with it: that happens when a text names it, never before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import Any

from netdsl.components import Component, Layer, Transform
from netdsl.components.component import Borrowed
from netdsl.components.registry import TorchLookup
from netdsl.core.lazy import Lazy


class LazyTorchLookup(TorchLookup):
    """The classes of `torch.nn` and of `torchvision.transforms.v2`, imported when one is asked for."""

    def layer(self, name: str) -> Layer | None:
        """The layer that `nn.Hardshrink` means; None where torch has none of that name."""
        from netdsl.torch_layers import torch_layer

        return torch_layer(name)

    def layer_names(self) -> Collection[str]:
        """The names that `layer` knows."""
        from netdsl.torch_layers import torch_layer_names

        return [f"nn.{name}" for name in torch_layer_names()]

    def transform(self, name: str) -> Transform | None:
        """The transform that `v2.GaussianBlur` means; None where torchvision has none of that name."""
        from netdsl.data.transforms.torchvision_v2 import torchvision_transform

        return torchvision_transform(name)

    def transform_names(self) -> Collection[str]:
        """The names that `transform` knows."""
        from netdsl.data.transforms.torchvision_v2 import torchvision_names

        return torchvision_names()


def described(component: Component) -> Component:
    """The component with the signature of the class or function that it was made of, read when somebody asks for it."""
    borrowed = component.function
    if not isinstance(borrowed, Borrowed):
        return component
    return replace(component, function=Lazy(partial(_describe, component, borrowed), borrowed.doc))


def _describe(component: Component, borrowed: Borrowed) -> Callable[..., Any]:
    from netdsl.adapters import describe

    return describe(component, borrowed)
