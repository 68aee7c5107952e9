"""The differential test of a layer: what its rule says of a use, against what torch does with it.

The reference is torch itself, called by `oracles.py` with the arguments as they are written, on the CPU in training
mode with a batch of two. (The `meta` device would be the natural choice, but its kernels leave out some of the checks
that the real ones make.) One thing is refused here that torch runs: an output or weights without elements, since a size
is at least 1.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from random import Random
from typing import Any

import torch
from torch import Tensor, nn
from torch.backends import mkldnn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from netdsl.components import Layer, Refusal, Requirement, Result
from netdsl.core.sizes import UNKNOWN, Dim, Shape, evaluate, product, symbol
from netdsl.core.text import say
from netdsl.plugins.registry import load_registry
from tests.soundness.generate import Arguments, Case, with_stated
from tests.soundness.oracles import SIZES_NEEDED, find_oracle

BATCH = 2

FORMULA_WORDS = {"·": "*", "−": "-", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")"}


@dataclass(frozen=True)
class Ran:
    """What torch made of a use: the module, its weights before the run, and the output of one sample's shape."""

    module: nn.Module
    weights: Mapping[str, Tensor]
    output: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.output.shape[1:])

    @property
    def params(self) -> int:
        return sum(parameter.numel() for parameter in self.module.parameters())


def layers() -> Mapping[str, Layer]:
    """Every layer that maps one shape to another; those with bodies are tested as whole nets."""
    found = load_registry(installed=False).layers.items()
    return {name: layer for name, layer in found if not any(p.is_branch for p in layer.parameters.values())}


def disagreement(case: Case) -> str | None:
    """What the rule and torch say differently of a use; None where they agree."""
    ours, theirs = by_rule(case), by_torch(case)
    if isinstance(ours, str) or isinstance(theirs, str):
        return _of_verdicts(case, ours, theirs)
    emitted = construct(ours, case)
    built = theirs if is_same(emitted, theirs.module) else run(emitted, case, theirs.weights)
    if isinstance(built, str):
        return f"{case}: accepted, but {ours.call} fails: {built}"
    facts = {
        "shape": (ours.out, theirs.shape, built.shape),
        "params": (ours.params, theirs.params, built.params),
    }
    for name, (rule, reference, own) in facts.items():
        if not rule == reference == own:
            return f"{case}: {name} is {rule} by the rule, {reference} in torch, {own} in {ours.call}"
    if not torch.allclose(built.output, theirs.output, rtol=1e-4, atol=1e-5, equal_nan=True):
        return f"{case}: {ours.call} computes other numbers than torch"
    return _of_indices(case, emitted, ours)


def _of_indices(case: Case, module: nn.Module, ours: Result) -> str | None:
    """A layer that takes anything moves indices on their way to an embedding as it moves real numbers."""
    if case.layer.takes != "any":
        return None
    ran = run(module, case, dtype=torch.long)
    if isinstance(ran, str):
        return f"{case}: {ours.call} fails with indices: {ran}"
    if (ran.shape, ran.output.dtype) != (ours.out, torch.long):
        return f"{case}: {ours.call} makes {ran.shape} of {ran.output.dtype} out of indices"
    return None


def _of_verdicts(case: Case, ours: Result | str, theirs: Ran | str) -> str | None:
    if isinstance(ours, str) and isinstance(theirs, str):
        return None
    if isinstance(ours, str):
        return f"{case}: refused ({ours}), but torch runs it"
    return f"{case}: accepted, but torch refuses: {theirs}"


def by_rule(case: Case) -> Result | str:
    """The rule's result, or why it refuses."""
    return verdict(case.layer, case.shape, case.arguments, {})


def verdict(layer: Layer, shape: Sequence[Dim], arguments: Arguments, values: Mapping[str, int]) -> Result | str:
    """The rule's result where all it requires holds once its symbols have these values, else why it does not."""
    try:
        result = layer.apply(tuple(shape), **arguments)
    except Refusal as refusal:
        return refusal.message
    return next((say(wanted.message) for wanted in result.requires if not holds(wanted, values)), result)


def holds(wanted: Requirement, values: Mapping[str, int]) -> bool:
    """Whether a requirement is met when the symbols have these values."""
    left, right = evaluate(wanted.left, values), evaluate(wanted.right, values)
    return left >= right if wanted.relation == ">=" else left == right


def by_torch(case: Case) -> Ran | str:
    """What torch makes of the arguments as they are written, or why it refuses."""
    if not _has_rank_of_name(case):
        return "another rank than the name says"
    oracle = find_oracle(case.layer.function.__name__)
    assert oracle, f"`{case.layer.name}` has no oracle"
    try:
        with quiet():
            module = oracle(case.shape, **case.arguments)
    except Exception as error:  # whatever torch raises is a refusal
        return f"{type(error).__name__}: {error}"
    ran = run(module, case)
    if isinstance(ran, Ran) and (reason := _refuses_one(module, case)):
        return reason
    if isinstance(ran, Ran) and 0 in (*ran.shape, *(weight.numel() for weight in module.parameters())):
        return "an output or weights without elements"
    return ran


def _refuses_one(module: nn.Module, case: Case) -> str | None:
    """Why a net that trains cannot predict a single sample: one value alone has no deviation."""
    buffers = {name: value.clone() for name, value in module.state_dict().items()}
    try:
        with quiet(), torch.no_grad():
            call(module.eval(), case, samples=1)
    except Exception as error:  # likewise
        return f"one sample in evaluation: {type(error).__name__}: {error}"
    finally:
        module.load_state_dict(buffers)
    return None


def _has_rank_of_name(case: Case) -> bool:
    """`conv2d` is for two axes after the channels; `bn1d` takes channels alone as well."""
    forced = re.fullmatch(r"(\w+)([123])d", case.layer.name)
    rank = len(case.shape)
    return not forced or rank == int(forced[2]) + 1 or (forced[0], rank) == ("bn1d", 1)


def run(
    module: nn.Module, case: Case, weights: Mapping[str, Tensor] | None = None, dtype: torch.dtype | None = None
) -> Ran | str:
    """One step forward as in training, gradients wanted, from the same numbers each time."""
    if weights is not None:
        module.load_state_dict(weights)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    try:
        with quiet():
            # `torch.manual_seed` also sees to devices that are not used here, which takes longer than the layer
            torch.default_generator.manual_seed(0)
            return Ran(module, before, call(module.train(), case, dtype))
    except Exception as error:  # likewise
        return f"{type(error).__name__}: {error}"


def is_same(one: nn.Module, two: nn.Module) -> bool:
    """Whether two modules are of one class with the same settings all through: then they need not both be run."""

    def settings(module: nn.Module) -> list[tuple[type, dict[str, Any]]]:
        return [
            (type(part), {name: value for name, value in vars(part).items() if not name.startswith("_")})
            for part in module.modules()
        ]

    return settings(one) == settings(two)


def batch(case: Case, dtype: torch.dtype | None = None) -> Tensor:
    """Two samples: numbers for most layers, indices for an embedding. A leaf could not be changed in place."""
    if dtype == torch.long or case.layer.takes == "index":
        return torch.zeros(BATCH, *case.shape, dtype=torch.long)
    return torch.randn(BATCH, *case.shape, requires_grad=True).clone()


def call(module: nn.Module, case: Case, dtype: torch.dtype | None = None, samples: int = BATCH) -> Any:
    """What the module makes of a batch, and of the labelled outputs that the case names, by their parameters."""
    x = batch(case, dtype)[:samples]
    if not case.labelled:
        return module(x)
    return module(x, {name: torch.randn(samples, *shape) for name, shape in case.labelled.items()})


def construct(result: Result, case: Case) -> nn.Module:
    """The module that the rule asks for."""
    module, _, name = result.call.target.partition(":")
    taken = {"takes": tuple(case.labelled)} if case.labelled else {}
    arguments = {**result.call.arguments, **taken}
    with quiet():
        built: nn.Module = getattr(importlib.import_module(module), name)(**arguments)
    return built


def macs_disagreement(case: Case) -> str | None:
    """Multiply-adds as torch counts them: two flops each, over the batch. It counts none in fused kernels."""
    ours = by_rule(case)
    if isinstance(ours, str):
        return None
    counter = FlopCounterMode(display=False)
    with quiet(), sdpa_kernel(SDPBackend.MATH), mkldnn.flags(enabled=False), counter:
        run(construct(ours, case), case)
    counted = counter.get_total_flops() // (2 * BATCH)
    return None if ours.macs == counted else f"{case}: {ours.macs} macs by the rule, {counted} in torch"


def quiet() -> warnings.catch_warnings:
    """Torch warns of uses that it runs all the same."""
    return warnings.catch_warnings(action="ignore")


def symbolic_disagreement(case: Case, random: Random) -> str | None:
    """What the rule says of symbols and then of their values, against what it says of the values at once."""
    layer, shape = case.layer, case.shape
    symbols, named = _symbols(case, [axis for axis in range(len(shape)) if random.random() < 0.7])
    for sizes in _sizes_to_try(shape, named.values(), random):
        values = {name: sizes[axis] for name, axis in named.items()}
        plain = verdict(layer, sizes, case.arguments, {})
        formal = verdict(layer, symbols, case.arguments, values)
        if isinstance(plain, str) or isinstance(formal, str):
            if isinstance(plain, str) != isinstance(formal, str):
                return f"{case}: {plain} on {sizes}, but {formal} on {symbols}"
            continue
        if _numbers(plain, values) != _numbers(formal, values):
            return f"{case}: {plain} on {sizes}, but {formal} on {symbols}"
    return None


def _numbers(result: Result, values: Mapping[str, int]) -> Any:
    return tuple(evaluate(dim, values) for dim in result.out), evaluate(result.macs, values), result.params


def _symbols(case: Case, axes: Iterable[int]) -> tuple[Shape, Mapping[str, int]]:
    """The shape with symbols on these axes, as far as they may be, and the axis that each symbol stands for."""
    named = {axis: "CHWD"[axis] for axis in axes if axis not in _fixed_axes(case)}
    shape = tuple(symbol(named[axis]) if axis in named else size for axis, size in enumerate(case.shape))
    return shape, {name: axis for axis, name in named.items()}


def _fixed_axes(case: Case) -> set[int]:
    """The axes whose size the module has to be told when it is built."""
    needed = SIZES_NEEDED.get(case.layer.function.__name__, lambda shape, **_: ())
    axes = (*case.layer.stated.values(), *needed(case.shape, **case.arguments))
    return {axis % len(case.shape) for axis in axes}


def _sizes_to_try(shape: tuple[int, ...], axes: Collection[int], random: Random) -> Iterator[tuple[int, ...]]:
    yield shape
    for _ in range(3):
        yield tuple(random.randint(1, 20) if axis in axes else size for axis, size in enumerate(shape))


def unknown_disagreement(case: Case, random: Random) -> str | None:
    """An unknown size may hide a mistake but never make one, and what is known in spite of it is right."""
    hidden = tuple(UNKNOWN if random.random() < 0.5 else size for size in case.shape)
    arguments = with_stated(case.layer, hidden, case.arguments)
    plain = by_rule(case)
    try:
        result = case.layer.apply(hidden, **arguments)
    except Refusal as refusal:
        return None if isinstance(plain, str) else f"{case}: refused ({refusal}) where {hidden} is all that is known"
    if isinstance(plain, str):
        return None
    known = [(ours, theirs) for ours, theirs in zip(result.out, plain.out, strict=True) if isinstance(ours, int)]
    return next((f"{case}: {result.out} is not {plain.out}" for ours, theirs in known if ours != theirs), None)


def formula_disagreement(case: Case) -> str | None:
    """A formula is arithmetic: what stands left of its `=` comes to what stands right, a size of the output."""
    symbols, named = _symbols(case, range(len(case.shape)))
    values = {name: case.shape[axis] for name, axis in named.items()}
    for shape, result in ((case.shape, by_rule(case)), (symbols, verdict(case.layer, symbols, case.arguments, values))):
        for line in () if isinstance(result, str) else result.formula:
            left, _, right = line.rpartition(" = ")
            sizes = [str(size) for size in (*result.out, product(result.out))]
            if right not in sizes or not _equal(left, right, values):
                return f"{case}: on {shape} gives {result.out}, but its formula says {line}"
    return None


def _equal(left: str, right: str, values: Mapping[str, int]) -> bool:
    """Left of the sign a division is exact and rounded where it says so; a size by itself is rounded down."""
    for word, python in FORMULA_WORDS.items():
        left = left.replace(word, python)
    names = {"floor": floor, "ceil": ceil, "__builtins__": {}, **values}
    return abs(eval(left, names) - eval(right.replace("/", "//"), names)) < 1e-9  # texts that a rule has just written
