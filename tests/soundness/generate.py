"""Random uses of a layer: arguments drawn from the annotations of its parameters, and an input shape.

Everything is drawn from one seeded `random.Random`. Most arguments are ones that people write; in a wild case they are
zero, negative or too large as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from netdsl.components import Layer, Parameter
from netdsl.components.component import LabelledOutput
from netdsl.core.sizes import format_shape
from tests.soundness import uses

Arguments = dict[str, Any]
Sizes = tuple[int, ...]

CHANNELS = (1, 2, 3, 4, 4, 6, 8, 12)
WILD_INTS = (-3, -2, -1, 0, 0, 1, 2, 3, 5, 9, 16)
WILD_FLOATS = (-1.0, -0.5, 0.0, 1e-5, 0.999, 1.0, 1.5, 3.0)

INTS: Mapping[str, Sequence[int]] = {
    "kernel_size": (1, 2, 3, 3, 4, 5),
    "stride": (1, 1, 2, 2, 3, 4),
    "padding": (0, 1, 1, 2, 3),
    "output_padding": (0, 0, 0, 1),
    "dilation": (1, 1, 2, 3),
    "groups": (1, 1, 1, 2, 3, 4),
    "num_groups": (1, 1, 2, 3, 4),
    "out_channels": CHANNELS,
    "dim": (-2, -1, -1, 0, 0, 1, 2),
}
"""What people write for a parameter of this name, whichever the layer."""

FLOATS: Mapping[str, Sequence[float]] = {"eps": (1e-5, 1e-3)}


@dataclass(frozen=True)
class Case:
    """A layer, an input shape and the arguments it is used with, the inferred ones filled in."""

    layer: Layer
    shape: Sizes
    arguments: Arguments

    @property
    def labelled(self) -> dict[str, Sizes]:
        """The shapes of the labelled outputs that it is given, by parameter."""
        return {name: shape for name in self.layer.labelled if (shape := self.arguments.get(name)) is not None}

    def __str__(self) -> str:
        settings = " ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.layer.name} {settings} on {format_shape(self.shape)}"


Draw = Callable[[Random, Sizes], Any]
Adjust = Callable[[Random, Sizes, Arguments], tuple[Sizes, Arguments]]


def _trailing(random: Random, shape: Sizes) -> Any:
    given = shape[-random.randint(1, len(shape)) :]
    if random.random() < 0.3:
        given = (random.randint(1, 6), *given)
    return given[0] if len(given) == 1 else given


def _to_fold(random: Random, shape: Sizes, arguments: Arguments) -> tuple[Sizes, Arguments]:
    """As many columns, and as many positions, as the windows make."""

    def pair(name: str, default: int) -> Sizes:
        value = arguments.get(name, default)
        return (value, value) if isinstance(value, int) else value

    names = ("output_size", "kernel_size", "dilation", "padding", "stride")
    axes = zip(*map(pair, names, (1, 1, 1, 0, 1)), strict=False)
    positions = 1
    for size, kernel, dilation, padding, stride in axes:
        positions *= max(1, (size + 2 * padding - dilation * (kernel - 1) - 1) // max(stride, 1) + 1)
    window = pair("kernel_size", 1)
    return (random.choice((1, 2, 3)) * max(1, window[0] * window[1]), positions), arguments


DRAWS: Mapping[tuple[str, str], Draw] = {
    **uses.DRAWS,
    ("layernorm", "normalized_shape"): _trailing,
    ("rmsnorm", "normalized_shape"): _trailing,
    ("dwconv", "out_channels"): lambda random, shape: shape[0] * random.choice((1, 1, 2, 3)),
    ("fold", "output_size"): lambda random, _: random.choice((4, 5, 6, 7, 8, (6, 8), (5, 7))),
    ("lppool", "norm_type"): lambda random, _: random.choice((1, 2, 2, 3, 1.5)),
}
"""A draw of its own for a parameter of a rule whose sensible values depend on the shape."""

ADJUSTMENTS: Mapping[str, Adjust] = {**uses.ADJUSTMENTS, "fold": _to_fold}
"""A last touch for rules that accept almost nothing of what is drawn blindly; four cases in five get it."""


def random_case(layer: Layer, random: Random) -> Case:
    """A use of the layer: some one in three has something in it that people would not write."""
    wild = random.random() < 0.3
    shape = _shape(layer, random)
    rule = layer.function.__name__
    written = {
        name: _value(rule, parameter, random, shape, wild and random.random() < 0.4)
        for name, parameter in layer.parameters.items()
        if name not in layer.stated and (parameter.required or random.random() < 0.4)
    }
    if rule in ADJUSTMENTS and random.random() < 0.8:
        shape, written = ADJUSTMENTS[rule](random, shape, written)
    return Case(layer, shape, with_stated(layer, shape, written))


def with_stated(layer: Layer, shape: Sequence[Any], written: Mapping[str, Any]) -> Arguments:
    """The arguments with the sizes that the layer infers from the shape, as the checker fills them in."""
    stated = {name: shape[axis] for name, axis in layer.stated.items() if -len(shape) <= axis < len(shape)}
    return {**written, **stated}


def _shape(layer: Layer, random: Random) -> Sizes:
    ranks = tuple(map(len, layer.accepts)) or (1, 2, 3, 4)
    rank = random.choice(ranks if random.random() < 0.95 else (1, 2, 3, 4))
    largest = 12 if rank < 4 else 7
    return (random.choice(CHANNELS), *(random.randint(1, largest) for _ in range(rank - 1)))


def _value(rule: str, parameter: Parameter, random: Random, shape: Sizes, wild: bool) -> Any:
    draw = DRAWS.get((rule, parameter.name))
    if draw and not wild:
        return draw(random, shape)
    return _of_type(random.choice(parameter.options), parameter.name, random, shape, wild)


def _of_type(option: Any, name: str, random: Random, shape: Sizes, wild: bool) -> Any:
    if option in (NoneType, None):
        return None
    if option is LabelledOutput and name == "like":
        like = (random.choice(CHANNELS), *(max(1, size + random.choice((-2, -1, 0, 0, 1, 3))) for size in shape[1:]))
        return like[:-1] if wild else like
    if option is LabelledOutput:
        return tuple(random.randint(1, 8) for _ in range(random.randint(1, 3)))
    if option is bool:
        return random.random() < 0.5
    if option is int:
        return random.choice(WILD_INTS if wild else INTS.get(name, (1, 2, 2, 3, 4, 6, 8)))
    if option is float:
        return random.choice(WILD_FLOATS if wild else FLOATS.get(name, (0.1, 0.25, 0.5, 1.0, 2.0)))
    if get_origin(option) is Literal:
        return random.choice(get_args(option))
    if get_origin(option) is tuple and get_args(option)[1:] == (Ellipsis,):
        return _several(get_args(option)[0], name, random, shape, wild)
    raise TypeError(f"`{name}` is annotated {option}, which the harness cannot draw yet")


def _several(element: Any, name: str, random: Random, shape: Sizes, wild: bool) -> Any:
    """One value an axis, sometimes too many; a list of one is written as the value alone."""
    length = random.choice((2, 3)) if wild else len(shape) - 1
    options = Parameter(name, element, None, False).options
    values = tuple(_of_type(random.choice(options), name, random, shape, wild and i == 0) for i in range(length))
    return values if length > 1 else _of_type(options[0], name, random, shape, wild)
