"""Layers with bodies. The checker works the bodies out; a rule receives their output shapes and joins them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from netdsl.builtins.layers.checks import axis, batched, multiple
from netdsl.components import Refusal, Requirement, Result, Trait, call, divisible, layer
from netdsl.components.traits import Traits
from netdsl.core.sizes import Dim, Expr, Shape, Unknown, evaluate, format_shape, symbols
from netdsl.core.text import text

# Sizes in symbols are compared at one number: large, as real inputs are, and a multiple of every usual stride.
MANY_DIVISORS = 2**10 * 3**4 * 5 * 7


@layer(
    "composite",
    takes="any",
    traits={"adds", "includes_input"},
    example="residual { conv 64 k3 p1; bn; relu; conv 64 k3 p1; bn }",
)
def residual(
    x: Shape,
    body: Shape,
    shortcut: Shape | None = None,
    project: bool = False,
    matching: bool = False,
    *,
    factor: float = 1.0,
) -> Result:
    """Adds the input to the body's output, so that the body learns only what has to change (He et al., 2015).

    The shapes must agree. Where they differ, a `shortcut { … }` brings the input into shape; `project` writes one, a
    1x1 convolution and bn, wherever it is needed; `matching` leaves the sum out instead, as MobileNetV2 does.

    `factor` multiplies the body's output before it is added: 0.17 steadies very deep nets (Szegedy et al.,
    "Inception-v4", 2016).
    """
    module = call("netdsl.modules:Residual")
    if factor != 1:
        module = call("netdsl.modules:ScaledResidual", factor=factor)
    if matching and (project or shortcut is not None):
        raise Refusal("`matching` leaves the sum out, so that nothing needs to be brought into shape", "matching")
    # The error in the body is reported already; a message on the sum would be its echo.
    if shortcut is None and (project or matching) and any(isinstance(size, Unknown) for size in body):
        return Result(body, module)
    if shortcut is None and not _same(x, body):
        if matching:
            return Result(body, call("torch.nn:Sequential"))
        if project:
            return Result(body, module, extra=_projection(x, body))
    added = x if shortcut is None else shortcut
    template = "`residual` cannot add its input, {added}, to the body's output, {output}"
    if shortcut is not None:
        template = "`residual` cannot add the shortcut's output, {added}, to the body's output, {output}"
    message = text(template, added=format_shape(added), output=format_shape(body))
    advice = text("give it a `shortcut {{ … }}`, or write `residual project {{ … }}`") if shortcut is None else None
    out, requires = _agreed((body, added), message, advice)
    return Result(out, module, requires=requires)


@layer(
    "composite", takes="any", traits={"concatenates"}, example="concat { conv 64 k1 } { conv 96 k1; conv 128 k3 p1 }"
)
def concat(x: Shape, branches: tuple[Shape, ...], dim: int = 0) -> Result:
    """Feeds one input to every body and joins the outputs along a dimension: by default the channels.

    All other dimensions must agree. A name among the bodies is a labelled output from above that joins them; with names
    and no body, the current value takes part first: `concat stem`.
    """
    shapes = ", ".join(map(format_shape, branches))
    message = text(
        "`concat` cannot join {shapes} along dimension {dim}: all other sizes must agree", shapes=shapes, dim=dim
    )
    first = branches[0]
    # `axis` counts in the first branch only, so that the ranks must agree before it.
    if any(len(branch) != len(first) for branch in branches):
        raise Refusal(text("`concat` cannot join {shapes}: all must have the same number of dimensions", shapes=shapes))
    at = axis(dim, first)
    rest, requires = _agreed([(*branch[:at], *branch[at + 1 :]) for branch in branches], message, _halved(branches))
    joined, formula = _total([branch[at] for branch in branches])
    module = call("netdsl.modules:Concat", dim=batched(dim))
    return Result((*rest[:at], joined, *rest[at:]), module, formula=formula, requires=requires)


@layer("composite", takes="any", traits={"adds"}, bodiless="constant", example="add { conv 64 k3 p1 } { conv 64 k1 }")
def add(x: Shape, branches: tuple[Shape, ...] = (), constant: float | None = None) -> Result:
    """Feeds one input to every body and adds the outputs, which must all have one shape.

    A name among the bodies is a labelled output from above that joins them; with names and no body, the current value
    takes part first: `add stem`. A number alone is added to the current value: `add 1`.
    """
    if constant is not None:
        _check_alone("add", "constant", branches)
        return Result(x, call("netdsl.modules:AddConstant", constant=constant))
    message = text("`add` cannot add {shapes}: all must have one shape", shapes=", ".join(map(format_shape, branches)))
    out, requires = _agreed(branches, message, _halved(branches))
    return Result(out, call("netdsl.modules:Add"), requires=requires)


@layer(
    "composite",
    takes="any",
    traits={"multiplies"},
    bodiless="factor",
    example="mul { conv 64 k3 p1; tanh } { conv 64 k3 p1; sigmoid }",
)
def mul(x: Shape, branches: tuple[Shape, ...] = (), factor: float | None = None) -> Result:
    """Feeds one input to every body and multiplies the outputs, which must all have one shape.

    Two bodies of which one ends in `sigmoid` are a gate (van den Oord et al., "WaveNet", 2016). A name among the bodies
    is a labelled output from above that takes part; with names and no body, the current value goes first: `mul stem`.
    A number alone multiplies the current value: `mul 0.17`.
    """
    if factor is not None:
        _check_alone("mul", "factor", branches)
        return Result(x, call("netdsl.modules:MulConstant", factor=factor))
    shapes = ", ".join(map(format_shape, branches))
    message = text("`mul` cannot multiply {shapes}: all must have one shape", shapes=shapes)
    out, requires = _agreed(branches, message, _halved(branches))
    return Result(out, call("netdsl.modules:Mul"), requires=requires)


@layer(
    "composite",
    takes="any",
    traits={"multiplies", "includes_input"},
    example="scale { gap; conv 16 k1; relu; conv 64 k1; sigmoid }",
)
def scale(x: Shape, body: Shape) -> Result:
    """Multiplies the input by the body's output: x·body(x), which weighs the channels (Hu et al., 2017).

    Both have as many dimensions, and a size of 1 is stretched to the other's: 64x1x1 weighs the 64 channels of 64x8x8.
    """
    message = text(
        "`scale` cannot multiply {shape} by the body's output, {output}",
        shape=format_shape(x),
        output=format_shape(body),
    )
    if len(x) != len(body):
        advice = text("end the body with {count} dimensions, for example with `unflatten`", count=len(x))
        raise Refusal(message, help=advice if len(body) < len(x) else None)
    stretched = [_stretched(one, other, message) for one, other in zip(x, body, strict=True)]
    out = tuple(size for size, _ in stretched)
    requires = tuple(requirement for _, required in stretched for requirement in required)
    return Result(out, call("netdsl.modules:Scale"), requires=requires)


def _stretched(one: Dim, other: Dim, message: str) -> tuple[Dim, tuple[Requirement, ...]]:
    """The size that two broadcast to, and what must hold for it: they are equal, or the smaller is 1.

    Of two formulas the smaller is the one that is so for large inputs.
    """
    if isinstance(one, Unknown) or isinstance(other, Unknown) or one == other or 1 in (one, other):
        return one if other == 1 else other if one == 1 else _known(one, other), ()
    if isinstance(one, int) and isinstance(other, int):
        raise Refusal(message)
    # Neither order nor equality is decidable for all values of the symbols.
    values = dict.fromkeys(symbols((one, other)), MANY_DIVISORS)
    least, most = sorted((one, other), key=lambda size: (isinstance(size, int), evaluate(size, values)))
    # One equation holds both ways to broadcast: the smaller is 1, or it equals the larger.
    return most, (Requirement((least - 1) * (least - most), "==", 0, message),)


def _lengths(layers: Iterable[tuple[Traits, Mapping[str, Any]]]) -> int:
    """How many vectors the weights consist of, each of which has a length of its own."""
    return sum(_rows(traits, arguments) for traits, arguments in layers)


def _rows(traits: Traits, arguments: Mapping[str, Any]) -> int:
    """The first size of a layer's weights, where they are such that the norm is of."""
    if Trait.LINEAR in traits:
        rows: int = arguments["out_features"]
    elif Trait.CONVOLUTION in traits:
        # A transposed convolution moves no window, and has its input's channels first.
        rows = arguments["out_channels" if Trait.WINDOW in traits else "in_channels"]
    else:
        rows = 0
    return rows


@layer(
    "composite",
    takes="any",
    learns=lambda _: 0,
    example="spectralnorm { conv 64 k4 s2 p1; leakyrelu 0.1; conv 128 k4 s2 p1 }",
)
def spectralnorm(x: Shape, body: Shape) -> Result:
    """Divides the weights of every convolution and linear layer in its body by their largest singular value.

    So the body stretches no distance by much, which steadies the discriminator of a GAN (Miyato et al., "Spectral
    Normalization for Generative Adversarial Networks", 2018).
    """
    return Result(body, call("netdsl.modules:SpectralNorm"))


@layer(
    "composite",
    takes="any",
    learns=_lengths,
    example="weightnorm { conv1d 64 k2; relu; dropout 0.2; conv1d 64 k2 }",
)
def weightnorm(x: Shape, body: Shape) -> Result:
    """Learns the lengths and the directions of the weights in its body apart: w = g·v/|v|.

    That is so for every convolution and linear layer in it (Salimans and Kingma, "Weight Normalization", 2016).
    """
    return Result(body, call("netdsl.modules:WeightNorm"))


def part(x: Shape, bodies: int) -> Shape:
    """What each body of a `split` receives."""
    if not x:
        raise Refusal("`split` divides channels, but what comes in is a single number")
    # A size in symbols passes here; the requirement of `split` below holds it to a multiple.
    if isinstance(x[0], int) and not divisible(x[0], bodies):
        raise Refusal(_uneven(x, bodies))
    return (x[0] // bodies, *x[1:])


@layer("composite", takes="any", feeds=part, traits={"concatenates"}, example="split { } { conv 32 k3 p1 }")
def split(x: Shape, branches: tuple[Shape, ...]) -> Result:
    """Cuts the channels into equal parts, feeds one to each body, and joins the outputs along the channels.

    An empty body passes its part on unchanged.
    """
    message = text(
        "`split` cannot join {shapes}: only the channels may differ", shapes=", ".join(map(format_shape, branches))
    )
    # A branch of no dimensions has no channels to join.
    if not all(branches):
        raise Refusal(message)
    rest, requires = _agreed([branch[1:] for branch in branches], message)
    joined, formula = _total([branch[0] for branch in branches])
    even = multiple(x[0], len(branches), _uneven(x, len(branches)))
    return Result((joined, *rest), call("netdsl.modules:Split"), formula=formula, requires=(even, *requires))


def _uneven(x: Shape, bodies: int) -> str:
    return text("`split` cannot cut {channels} channels into {bodies} equal parts", channels=x[0], bodies=bodies)


def _check_alone(name: str, at: str, branches: Sequence[Shape]) -> None:
    """Refuses a number beside bodies or labels: whether it belongs to one of them or to all, a reader would ask."""
    if branches:
        message = text("`{layer}` takes a number or outputs, not both", layer=name)
        raise Refusal(message, at, text("write `{layer}` with the number in a statement of its own", layer=name))


def _same(left: Shape, right: Shape) -> bool:
    """Whether two shapes are equal as far as they are known."""
    return len(left) == len(right) and all(
        one == other or isinstance(one, Unknown) or isinstance(other, Unknown)
        for one, other in zip(left, right, strict=True)
    )


def _known(one: Dim, other: Dim) -> Dim:
    """Of two sizes that agree, the one of which more is known."""
    return other if isinstance(one, Unknown) or isinstance(other, int) else one


def _agreed(
    shapes: list[Shape] | tuple[Shape, ...], message: str, advice: str | None = None
) -> tuple[Shape, tuple[Requirement, ...]]:
    """The one shape that all have, and what must hold for it; refuses shapes that cannot be one."""
    agreed, *others = shapes
    requires: list[Requirement] = []
    for shape in others:
        if len(shape) != len(agreed):
            raise Refusal(message, help=advice)
        for one, other in zip(agreed, shape, strict=True):
            if isinstance(one, int) and isinstance(other, int) and one != other:
                raise Refusal(message, help=advice)
            # An unknown size comes from an error that is reported already.
            if one != other and not isinstance(one, Unknown) and not isinstance(other, Unknown):
                requires.append(Requirement(one, "==", other, message))
        agreed = tuple(map(_known, agreed, shape))
    return agreed, tuple(requires)


def _halved(shapes: Sequence[Shape]) -> str | None:
    """The advice for images that differ by the row or column that is lost where an odd size is halved."""
    first, last = shapes[0][1:], shapes[-1][1:]
    # The ranks may differ: that error is another, and this advice does not apply to it.
    sizes = zip(first, last, strict=False)
    pairs = [(one, other) for one, other in sizes if isinstance(one, int) and isinstance(other, int)]
    if not len(first) == len(last) == len(pairs) or {abs(one - other) for one, other in pairs} - {0} != {1}:
        return None
    larger = format_shape(map(max, pairs))
    return text(
        "halving an odd size loses a row or a column: choose an input whose sizes stay even, or give the upsampling "
        "its size (`size={sizes}`)",
        sizes=larger,
    )


def _total(sizes: list[Dim]) -> tuple[Dim, tuple[str, ...]]:
    total = sum(sizes, start=0)
    return total, (f"{' + '.join(map(str, sizes))} = {total}",) if len(sizes) > 1 else ()


def _projection(x: Shape, body: Shape) -> dict[str, str]:
    """The shortcut that brings the input into the body's shape: `conv 128 k1 s2 bias=false; bn`."""
    given, wanted = format_shape(x), format_shape(body)
    advice = text("write the `shortcut {{ … }}` yourself")
    # The number of output channels is written into the shortcut as text, which a formula cannot be.
    if not 2 <= len(x) == len(body) <= 4 or isinstance(body[0], Expr):
        template = "`project` cannot bring {given} into the shape {wanted} with a 1x1 convolution"
        raise Refusal(text(template, given=given, wanted=wanted), "project", help=advice)
    strides = [_stride(size, target) for size, target in zip(x[1:], body[1:], strict=True)]
    if None in strides:
        template = "`project` cannot bring {given} into the shape {wanted} with a whole stride"
        raise Refusal(text(template, given=given, wanted=wanted), "project", help=advice)
    each = strides[:1] if len(set(strides)) == 1 else strides
    stride = "" if each == [1] else f" s{'x'.join(map(str, each))}"
    return {"shortcut": f"conv {body[0]} k1{stride} bias=false; bn"} if isinstance(body[0], int) else {}


def _stride(size: Dim, target: Dim) -> int | None:
    """The stride that makes one size of another, ⌈size/stride⌉ = target; of symbols at a value that much divides.

    Where that is not their stride at all values, what the sum requires says which.
    """
    if isinstance(size, Unknown) or isinstance(target, Unknown):
        return 1
    values = dict.fromkeys(symbols((size, target)), MANY_DIVISORS)
    whole, wanted = evaluate(size, values), evaluate(target, values)
    stride = -(-whole // max(wanted, 1))
    return stride if -(-whole // stride) == wanted else None
