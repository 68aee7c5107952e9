"""Holds the checker's word on a whole net against torch's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.builder import build_network
from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.core.sizes import evaluate, symbols
from netdsl.core.source import Source
from netdsl.program import Network
from tests.soundness.nets import Net

REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, KeyError)


@dataclass
class Verdict:
    """What came of a net: accepted or refused by both, or a disagreement in words."""

    accepted: bool
    disagreement: str | None = None


def judge(net: Net, registry: Registry) -> Verdict:
    """Checks, runs and compares a net: verdict, output, parameters, and every module's output shape."""
    experiment, diagnostics = check(Source("net", net.text), registry)
    refused = errors(diagnostics)
    try:
        truth: Tensor | None = net.run(torch.empty(2, *net.input, device="meta"))
    except REFUSALS as error:
        truth, reason = None, str(error)
    if truth is None:
        return Verdict(False, None if refused else f"torch refuses: {reason}")
    if refused or experiment is None:
        return Verdict(False, f"torch runs it, to {tuple(truth.shape[1:])}, but: {refused[:1]}")
    return Verdict(True, differences(experiment.network, truth, net))


def differences(network: Network, truth: Tensor, net: Net) -> str | None:
    """In what the checked net, or the built one, is not what torch made of it."""
    if network.out != tuple(truth.shape[1:]):
        return f"the output is {tuple(truth.shape[1:])}, not {network.out}"
    if network.params != net.params:
        return f"the parameters are {net.params}, not {network.params}"
    with torch.device("meta"):
        model = build_network(network)
    if sum(weight.numel() for weight in model.parameters()) != network.params:
        return "the built net has other parameters"
    return mismatched_modules(network, model, net.input)


def mismatched_modules(network: Network, model: nn.Module, shape: tuple[int, ...]) -> str | None:
    """The first node whose module does not return the shape that the checker says."""
    seen: dict[str, tuple[int, ...]] = {}

    def note(name: str) -> Any:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            seen[name] = tuple(output.shape[1:])

        return hook

    for name, module in model.named_modules():
        module.register_forward_hook(note(name))
    model(torch.empty(2, *shape, device="meta"))
    for node in network.walk():
        if seen.get(node.path, node.out) != node.out:
            return f"`{node.written}` at {node.path} gives {seen[node.path]}, not {node.out}"
        if node.path not in seen:
            return f"no module is called {node.path}"
    return None


def judge_symbols(net: Net, registry: Registry) -> Verdict:
    """Checks a net again with a symbol for each spatial size: at the true sizes both must say the same."""
    concrete, diagnostics = check(Source("net", net.text), registry)
    if errors(diagnostics) or concrete is None:
        return Verdict(False)
    letters = "x".join([str(net.input[0]), *"HW"[: len(net.input) - 1]])
    symbolic, found = check(Source("net", net.text), registry, overrides={"input": letters})
    mistakes = [mistake for mistake in errors(found) if mistake.code != "NET204"]
    if mistakes:
        return Verdict(True, f"it fits {net.input}, but with symbols: {mistakes[:1]}")
    if errors(found) or symbolic is None:
        return Verdict(False)
    values = dict(zip("HW", net.input[1:], strict=False))
    for node, same in zip(symbolic.network.walk(), concrete.network.walk(), strict=True):
        if symbols(node.out) <= values.keys() and tuple(evaluate(dim, values) for dim in node.out) != same.out:
            return Verdict(True, f"`{node.written}` gives {node.out}, at {values} not {same.out}")
    return Verdict(True, unfit_example(symbolic.network, net, registry))


def unfit_example(network: Network, net: Net, registry: Registry) -> str | None:
    """What is wrong with the example of an input that fits."""
    if network.example is None:
        return None
    shape = "x".join(map(str, network.example))
    _, diagnostics = check(Source("net", net.text), registry, overrides={"input": shape})
    return f"{shape} is said to fit ({network.fits}), but: {errors(diagnostics)[:1]}" if errors(diagnostics) else None
