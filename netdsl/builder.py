"""Network -> nn.Sequential. Every node is a constructor call as data, imported and made; no layer is known by name."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, cast

from torch import nn

from netdsl.components import Call
from netdsl.program import Network, Node, Use


def build_network(network: Network) -> nn.Sequential:
    """The net as PyTorch, with the `state_dict` keys of the `nn.Sequential` that one would write by hand.

    Weights are initialised as torch does, from its global generator.
    """
    return cast("nn.Sequential", _make(network.call, network.nodes))


def construct(call: Call, *values: Any, **named: Any) -> Any:
    """What `torch.nn:Conv2d` and its arguments come to; `values` and `named` are handed over beside them."""
    return locate(call.target)(*values, **call.arguments, **named)


def completed(use: Use[Any]) -> dict[str, Any]:
    """The arguments of a use, and its component's own defaults for those that the file leaves out."""
    parameters = use.component.parameters
    left_out = {name: parameter.default for name, parameter in parameters.items() if not parameter.required}
    return left_out | dict(use.arguments)


def create(use: Use[Any], *values: Any) -> Any:
    """What a use's component makes of its arguments, `values` going first."""
    return locate(use.call.target)(*values, **completed(use))


def locate(target: str) -> Any:
    """The attribute that `module:attribute` names; `adapter(target)` is what an adapter, named so too, makes of it."""
    # An adapter is written around its target: `netdsl.adapters:loss(package:function)`.
    adapter, opening, inner = target.partition("(")
    if opening:
        return locate(adapter)(locate(inner.removesuffix(")")))
    module, _, attribute = target.partition(":")
    return attrgetter(attribute)(importlib.import_module(module))


def _make(call: Call, nodes: Sequence[Node]) -> Any:
    if not nodes:
        return construct(call)
    children = OrderedDict((node.key, _make(node.call, node.children)) for node in nodes)
    # A subclass counts too: `Skipping` is built like the nn.Sequential that it extends.
    if _is_sequential(call):
        return construct(call, children)
    # Bodies are numbered and go in order; a `shortcut` and the like go by name.
    bodies = [module for key, module in children.items() if key.isdigit()]
    named = {key: module for key, module in children.items() if not key.isdigit()}
    return construct(call, *bodies, **named)


def _is_sequential(call: Call) -> bool:
    target = locate(call.target)
    return isinstance(target, type) and issubclass(target, nn.Sequential)
