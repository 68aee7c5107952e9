"""Holds the checker's word on a whole net against torch's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.builder import build_network
from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.core.sizes import Dim, evaluate, symbols
from netdsl.core.source import Source
from netdsl.program import Network, OpenSizes
from tests.soundness.nets import Net, Sizes

REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, KeyError)
LARGEST = 64
"""Every size up to this one is tried in torch, whether it is said to fit or not."""


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
        truth = run(net, net.inputs)
    except REFUSALS as error:
        return Verdict(False, None if refused else f"torch refuses: {error}")
    if refused or experiment is None:
        return Verdict(False, f"torch runs it, to {truth}, but: {refused[:1]}")
    return Verdict(True, differences(experiment.network, truth, net))


def run(net: Net, shapes: Sequence[Sizes]) -> list[Sizes]:
    """What torch makes of samples of these shapes, one alone and two at once."""
    single, several = (net.run(*(torch.empty(batch, *shape, device="meta") for shape in shapes)) for batch in (1, 2))
    assert [one.shape[1:] for one in single] == [one.shape[1:] for one in several]
    return [tuple(one.shape[1:]) for one in several]


def differences(network: Network, truth: list[Sizes], net: Net) -> str | None:
    """In what the checked net, or the built one, is not what torch made of it."""
    if [one.shape for one in network.all_outputs] != truth:
        return f"the outputs are {truth}, not {network.all_outputs}"
    if network.params != net.params:
        return f"the parameters are {net.params}, not {network.params}"
    with torch.device("meta"):
        model = build_network(network)
    if sum(weight.numel() for weight in model.parameters()) != network.params:
        return "the built net has other parameters"
    return mismatched_modules(network, model, net.inputs)


def mismatched_modules(network: Network, model: nn.Module, shapes: Sequence[Sizes]) -> str | None:
    """The first node whose module does not return the shape that the checker says."""
    seen: defaultdict[str, list[tuple[int, ...]]] = defaultdict(list)

    def note(name: str) -> Any:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            seen[name].append(tuple(output.shape[1:]))

        return hook

    for name, module in model.named_modules():
        if name:
            module.register_forward_hook(note(name))
    outputs = model(*(torch.empty(2, *shape, device="meta") for shape in shapes))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    if [one.shape for one in network.all_outputs] != [tuple(one.shape[1:]) for one in outputs]:
        return f"the built net gives {[tuple(one.shape[1:]) for one in outputs]}, not {network.all_outputs}"
    for node in network.walk():
        if not seen[node.path]:
            return f"no module is called {node.path}, or not so often"
        # One that is used again is called several times, in the order of the text.
        if (out := seen[node.path].pop(0)) != node.out:
            return f"`{node.written}` at {node.path} gives {out}, not {node.out}"
    return None


def one_resolution(net: Net) -> bool:
    """Whether the inputs have spatial sizes, each the same at its place, so that one symbol stands for all."""
    spatial = [shape[1:] for shape in net.inputs if len(shape) > 1]
    return bool(spatial) and all(one == longest[: len(one)] for longest in [max(spatial, key=len)] for one in spatial)


def judge_symbols(net: Net, registry: Registry) -> Verdict:
    """Checks a net with a symbol for each spatial size, and tries in torch the sizes that are said to fit or not to."""
    letters = ["x".join(map(str, (shape[0], *"HW"[: len(shape) - 1]))) for shape in net.inputs]
    lines = [f"input.{name}" for name in net.names] or ["input"]
    symbolic, found = check(Source("net", net.text), registry, overrides=dict(zip(lines, letters, strict=True)))
    refused = errors(found)
    if any(mistake.code == "NET204" for mistake in refused):
        return Verdict(False)  # a layer needs a number there: torch runs it at each size alone
    if refused or symbolic is None:
        return Verdict(False, refused_in_vain(net, f"with symbols: {refused[:1]}"))
    return Verdict(True, unlike_sizes(symbolic.network, net, registry) or unlike_torch(symbolic.network, net))


def unlike_sizes(network: Network, net: Net, registry: Registry) -> str | None:
    """The first node that has another shape where the net is checked with its sizes."""
    concrete, diagnostics = check(Source("net", net.text), registry)
    if errors(diagnostics) or concrete is None:
        return None
    values = {letter: size for shape in net.inputs for letter, size in zip("HW", shape[1:], strict=False)}
    for node, same in zip(network.walk(), concrete.network.walk(), strict=True):
        if symbols(node.out) <= values.keys() and tuple(evaluate(dim, values) for dim in node.out) != same.out:
            return f"`{node.written}` gives {node.out}, at {values} not {same.out}"
    return None


def refused_in_vain(net: Net, message: str) -> str | None:
    """What is refused for every size must be refused by torch at each."""
    equal = ([(shape[0], *[size] * (len(shape) - 1)) for shape in net.inputs] for size in range(1, LARGEST + 1))
    for shapes in (net.inputs, *equal):
        if out_of(net, shapes):
            return f"torch runs it at {shapes}, but {message}"
    return None


def unlike_torch(network: Network, net: Net) -> str | None:
    """A size that is said to fit and that torch refuses, one that torch takes and is left out, or another output.

    What fits has the outputs that the table says. Where torch stretches an input of 1, which `scale` lets it, a size
    may run that is rightly left out: it has others.
    """
    if network.example is None:
        return None
    given = (size for one in network.all_inputs for size in one.example or ())
    example = {str(dim): size for dim, size in zip(network.input_dims, given, strict=True) if symbols((dim,))}
    for open_sizes in network.open_sizes:
        for values, fits in tries(open_sizes, example):
            shapes = [evaluated(one.shape, values) for one in network.all_inputs]
            out = out_of(net, shapes)
            as_told = out == [evaluated(one.shape, values) for one in network.all_outputs]
            if out is None if fits else as_told:
                named = "is said to fit" if fits else "is not said to fit"
                return f"{shapes} {named} ({network.fits}), and torch makes {out} of it"
            if fits and not as_told:
                return f"at {shapes} torch makes {out}, not {network.all_outputs}"
    return None


def tries(open_sizes: OpenSizes, example: Mapping[str, int]) -> Iterator[tuple[dict[str, int], bool]]:
    """Sizes for the symbols of a net, those of other conditions as in the example, and whether they are said to fit."""
    names, fit = open_sizes.symbols, open_sizes.fit
    yield dict(example), True
    for size in range(1, min(LARGEST, fit.searched or LARGEST) + 1):
        if len(names) > 1:
            yield {**example, **dict.fromkeys(names, size)}, size in fit
        values = {**example, names[0]: size}
        yield values, meets(open_sizes.conditions, values) if open_sizes.equal else size in fit


def meets(conditions: tuple[str, ...], values: dict[str, int]) -> bool:
    """Whether sizes meet conditions such as `(H/2)*(W/2) = 32`."""
    python = (one.replace("≥", ">=").replace(" = ", " == ").replace("/", "//") for one in conditions)
    return all(eval(one, {}, values) for one in python)


def out_of(net: Net, shapes: Sequence[Sizes]) -> list[Sizes] | None:
    """What torch makes of samples of these shapes; None where it refuses."""
    try:
        return run(net, shapes)
    except REFUSALS:
        return None


def evaluated(shape: tuple[Dim, ...], values: Mapping[str, int]) -> tuple[int, ...]:
    """A shape at certain sizes."""
    return tuple(evaluate(dim, values) for dim in shape)
