"""A layer's rule against torch: random uses of it, each built and run on the `meta` device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from netdsl.components import Layer, Parameter, Refusal, Result
from netdsl.core.sizes import Shape, evaluate
from netdsl.core.text import say

if TYPE_CHECKING:
    from torch import nn

BATCH = 2
LARGEST = 12
RANKS = ("F", "CL", "CHW", "CDHW")

Reference = Callable[..., "nn.Module"]


@dataclass(frozen=True)
class LayerUse:
    """A layer on an input, with arguments."""

    layer: Layer
    shape: tuple[int, ...]
    arguments: Mapping[str, object]

    def __str__(self) -> str:
        written = " ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"`{self.layer.name} {written}`".replace(" `", "`") + f" on {self.shape}"


def assert_layer_sound(
    layer: Layer,
    *,
    shapes: Sequence[tuple[int, ...]] = (),
    reference: Reference | None = None,
    examples: int = 100,
    seed: int = 0,
) -> None:
    """Fails unless what the layer's rule says of random uses is what torch makes of them.

    Every use that the rule accepts must build and run, with the shape and the number of parameters that the rule says.
    With `reference`, every use that the rule refuses must fail in torch too.

    Args:
        layer: a layer without bodies.
        shapes: inputs to try; random ones of the layouts that the layer accepts, unless given.
        reference: makes the module of the input's shape and the arguments as they are written.
        examples: how many uses to try.
        seed: decides which.
    """
    assert not layer.branches, f"`{layer.name}` has bodies: test it in whole nets, with `run_net`"
    random = Random(seed)
    accepted = 0
    for _ in range(examples):
        use = _use(layer, shapes, random)
        result = _verdict(use)
        if isinstance(result, Result):
            accepted += 1
            _agrees(use, result)
        elif reference is not None:
            _fails(use, result, reference)
    assert accepted, f"none of {examples} random uses of `{layer.name}` is accepted: give `shapes` that it can take"


def _use(layer: Layer, shapes: Sequence[tuple[int, ...]], random: Random) -> LayerUse:
    if shapes:
        shape = random.choice(shapes)
    else:
        layout = random.choice(layer.accepts or RANKS)
        shape = tuple(random.randint(1, LARGEST) for _ in layout)
    arguments = {
        name: _value(parameter, random)
        for name, parameter in layer.parameters.items()
        if name not in layer.stated and (parameter.required or random.random() < 0.4)
    }
    stated = {name: shape[axis] for name, axis in layer.stated.items() if -len(shape) <= axis < len(shape)}
    return LayerUse(layer, shape, {**stated, **arguments})


def _value(parameter: Parameter, random: Random) -> object:
    if not parameter.required and random.random() < 0.3:
        return parameter.default
    return _of_type(random.choice(parameter.options), random)


def _of_type(option: object, random: Random) -> object:
    if get_origin(option) is Literal:
        return random.choice(get_args(option))
    if get_origin(option) is tuple:
        element, *others = get_args(option)
        count = random.randint(2, 3) if Ellipsis in others else 1 + len(others)
        return tuple(_of_type(element, random) for _ in range(count))
    simple: Mapping[object, Callable[[], object]] = {
        bool: lambda: random.random() < 0.5,
        float: lambda: round(random.uniform(0.01, 1), 2),
        int: lambda: random.choice((-1, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 8)),
        str: lambda: "x",
    }
    return simple[option]() if option in simple else None


def _verdict(use: LayerUse) -> Result | Refusal:
    """The rule's result where what it requires holds, else why it refuses."""
    try:
        result = use.layer.apply(use.shape, **use.arguments)
    except Refusal as refusal:
        return refusal
    for wanted in result.requires:
        left, right = evaluate(wanted.left, {}), evaluate(wanted.right, {})
        if not (left >= right if wanted.relation == ">=" else left == right):
            return Refusal(say(wanted.message), wanted.parameter)
    return result


def _agrees(use: LayerUse, result: Result) -> None:
    from netdsl.builder import construct

    found = _run(use, lambda: construct(result.call))
    assert not isinstance(found, str), f"{use} is accepted, but torch refuses it: {found}"
    out, params = found
    assert out == result.out, f"{use}: the output is {result.out} by the rule, {out} in torch"
    assert params == result.params, f"{use}: it has {result.params} parameters by the rule, {params} in torch"


def _fails(use: LayerUse, refusal: Refusal, reference: Reference) -> None:
    found = _run(use, lambda: reference(use.shape, **use.arguments))
    assert isinstance(found, str), f"{use} is refused ({refusal}), but torch runs it"


def _run(use: LayerUse, make: Callable[[], nn.Module]) -> tuple[Shape, int] | str:
    """The shape of a sample's output and the number of parameters; or what torch complains of."""
    found = _run_on("meta", use, make)
    return _run_on("cpu", use, make) if isinstance(found, str) and "meta" in found else found


def _run_on(device: str, use: LayerUse, make: Callable[[], nn.Module]) -> tuple[Shape, int] | str:
    import warnings

    import torch

    try:
        with warnings.catch_warnings(action="ignore"), torch.device(device):
            module = make().train()
            index = use.layer.takes == "index"
            out = module(torch.zeros(BATCH, *use.shape, dtype=torch.long if index else torch.float32))
    except Exception as error:  # whatever torch raises is a refusal
        return f"{type(error).__name__}: {error}"
    return tuple(out.shape[1:]), sum(parameter.numel() for parameter in module.parameters())
