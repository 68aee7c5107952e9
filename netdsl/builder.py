"""Network -> nn.Sequential. Every node is a constructor call as data, imported and made; no layer is known by name."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import nn

from netdsl.components import Call
from netdsl.core.errors import Refusal
from netdsl.core.text import text
from netdsl.layer_names import find_filled
from netdsl.program import InitUse, Network, Node, Use

PADDED_NET = "netdsl.modules:Padded"
PADDED_INPUTS = "netdsl.modules.filled_up:PaddedMultiInput"
PADDED = {
    "torch.nn:Sequential": "netdsl.modules.filled_up:PaddedSkipping",
    "netdsl.modules:Skipping": "netdsl.modules.filled_up:PaddedSkipping",
    "torch.nn:TransformerEncoderLayer": "netdsl.modules.filled_up:PaddedTransformerEncoderLayer",
    **{
        f"netdsl.modules:{name}": f"netdsl.modules.filled_up:Padded{name}"
        for name in (
            "CausalTransformerEncoderLayer",
            "CrossAttention",
            "DecoderLayer",
            "GRU",
            "LSTM",
            "Last",
            "Max",
            "Mean",
            "RNN",
            "SelfAttention",
        )
    },
}
"""What takes the place of modules that could not pass on, or heed, where samples end; weights keep their names."""


def build_network(network: Network) -> nn.Sequential:
    """The net as PyTorch, with the `state_dict` keys of the `nn.Sequential` that one would write by hand.

    Weights are initialised as torch does, or as `init` lines say, from torch's global generator.

    Raises:
        Refusal: a layer has no weight that its `init` line can fill.
    """
    call, make = network.call, _make
    if network.padded:
        padded = tuple(one.name for one in network.inputs if one.padded)
        call = Call(PADDED_INPUTS, {**call.arguments, "padded": padded}) if padded else call._replace(target=PADDED_NET)
        make = partial(_make, targets=PADDED)
    module = cast("nn.Sequential", make(call, network.nodes))
    if network.inits:
        _initialize(module, network)
    return module


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


def _make(call: Call, nodes: Sequence[Node], targets: Mapping[str, str] = MappingProxyType({})) -> Any:
    call = call._replace(target=targets.get(call.target, call.target))
    if not nodes:
        return construct(call)
    children = OrderedDict((node.key, _make(node.call, node.children, targets)) for node in nodes if not node.again)
    # A subclass counts too: `Skipping` is built like the nn.Sequential that it extends.
    if _is_sequential(call):
        return construct(call, children, **_wiring(nodes))
    # Bodies are numbered and go in order; a `shortcut` and the like go by name.
    bodies = [module for key, module in children.items() if key.isdigit()]
    named = {key: module for key, module in children.items() if not key.isdigit()}
    return construct(call, *bodies, **named)


def _wiring(nodes: Sequence[Node]) -> dict[str, Any]:
    """What a container is told of its children where they do not just follow each other."""
    wiring: dict[str, Any] = {}
    if starts := {node.step: node.start for node in nodes if node.start}:
        wiring["starts"] = starts
    if any(node.again for node in nodes):
        wiring["steps"] = {node.step: node.key for node in nodes}
    return wiring


def _is_sequential(call: Call) -> bool:
    target = locate(call.target)
    return isinstance(target, type) and issubclass(target, nn.Sequential)


def _initialize(module: nn.Module, network: Network) -> None:
    """Fills the weights that `init` lines name, in the order of the net."""
    # The last line that names a layer counts for it.
    uses = {path: use for use in network.inits for path, _ in find_filled(network, use)}
    for path, node in network.places():
        if path in uses and node.params:
            _fill(module.get_submodule(path), uses[path], node.written)


def _fill(layer: nn.Module, use: InitUse, written: str) -> None:
    least, most = use.component.dims
    fitting = [weight for weight in _weights(layer, use) if least <= weight.dim() <= most]
    if use.settings.on and not fitting:
        raise Refusal(
            text(
                "`{init}` fills weights of {dims} dimensions, and `{layer}` has none",
                init=use.component.name,
                dims=use.component.dims_in_words,
                layer=written,
            )
        )
    fill, arguments = locate(use.call.target), completed(use)
    for weight in fitting:
        # Memory without numbers: only shapes and names are looked at.
        if not weight.is_meta:
            fill(weight, **arguments)
    for name, bias in layer.named_parameters():
        if use.settings.bias is not None and bias.dim() == 1 and _is_bias(name):
            nn.init.constant_(bias, use.settings.bias)
    # torch keeps the vector of the filler at zero.
    if isinstance(layer, nn.Embedding) and layer.padding_idx is not None and not layer.weight.is_meta:
        with torch.no_grad():
            layer.weight[layer.padding_idx].fill_(0)


def _weights(layer: nn.Module, use: InitUse) -> list[nn.Parameter]:
    """The matrices and kernels of a layer; of one that is named and has none, its vectors."""
    weights = list(_without_biases(layer))
    matrices = [weight for weight in weights if weight.dim() > 1]
    return matrices or (weights if use.settings.on else [])


def _without_biases(layer: nn.Module) -> Iterator[nn.Parameter]:
    return (parameter for name, parameter in layer.named_parameters() if not _is_bias(name))


def _is_bias(name: str) -> bool:
    """Whether a parameter is a bias: `bias`, `bias_hh_l0`, `in_proj_bias`."""
    return "bias" in name.rpartition(".")[2]
