"""NET901: two linear layers, or convolutions, that together are one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic, Label
from netdsl.core.sizes import Dim
from netdsl.core.text import text
from netdsl.lints.lint import lint
from netdsl.lints.program import PlacedLayer, Program

TWO_LINEAR_LAYERS = Code(
    "NET901",
    title="two linear layers with no activation between them",
    meaning=(
        "A linear map of a linear map is a linear map: the two layers, which may be convolutions, can do nothing "
        "that one could not. An activation between them makes the second one count. A layer narrower than both "
        "its neighbours is a bottleneck and is not warned of, nor is a depthwise convolution before a 1x1 one, nor "
        "what ends a block of MobileNet: a 1x1 convolution and a normalisation before a wider 1x1 convolution."
    ),
    example="input 784\nlinear 128\nlinear 10",
    instead="input 784\nlinear 128; relu\nlinear 10",
)


@lint(TWO_LINEAR_LAYERS)
def find_two_linear_layers(program: Program) -> Iterator[Diagnostic]:
    """Warns at the second of two layers that one could replace."""
    for place in program.somewhere(lambda place: _find_folded(place) is not None):
        first = _find_folded(place)
        assert first is not None
        message = text(
            "no activation between this `{second}` and the `{first}` before it",
            second=place.node.name,
            first=first.node.name,
        )
        labels = (Label(first.node.span, "together they do what one layer can"),)
        advice = "write one between them, for example `relu`"
        yield Diagnostic(TWO_LINEAR_LAYERS, message, place.node.span, labels=labels, help=advice)


def _find_folded(place: PlacedLayer) -> PlacedLayer | None:
    """The linear layer before this one that it could take in.

    A layer narrower than what comes in and what goes out is a bottleneck, which is meant; so is a convolution of groups
    before one across them, and a row before a column.
    """
    if not _is_dense(place):
        return None
    passed = list(takewhile(_is_passed, place.chain()))
    # Biases, normalisations and dropouts between them could be taken in too.
    first = (passed[-1] if passed else place).before
    if first is None or not _is_dense(first) or not _is_along(first, place, passed) or _is_separable(first, place):
        return None
    return None if _is_bottleneck(first, place, passed) else first


def _is_dense(place: PlacedLayer) -> bool:
    """Whether each output depends on every feature or channel of the input."""
    # a transposed convolution spreads each element out, so that no plain one could do its work
    convolves = {Trait.CONVOLUTION, Trait.WINDOW} <= place.traits
    return Trait.LINEAR in place.traits or (convolves and place.argument("groups", 1) == 1)


def _is_passed(place: PlacedLayer) -> bool:
    """Whether a linear layer could do its work: it multiplies and adds, but mixes no features and moves none."""
    mixes = place.traits & {Trait.LINEAR, Trait.CONVOLUTION}
    moves = Trait.VIEW in place.traits and Trait.PASSES_THROUGH not in place.traits
    return Trait.AFFINE in place.traits and not mixes and not moves


def _is_along(first: PlacedLayer, second: PlacedLayer, passed: Sequence[PlacedLayer]) -> bool:
    """Whether both see the same axis: a `linear` sees a convolution's channels once they are flattened."""
    flattened = any(Trait.FLATTENS in place.traits for place in passed)
    kinds = [Trait.LINEAR in place.traits for place in (first, second)]
    return kinds[0] == kinds[1] or (kinds == [False, True] and flattened)


def _is_separable(first: PlacedLayer, second: PlacedLayer) -> bool:
    """Whether one convolution sees along an axis and the other along another."""
    kernels = first.argument("kernel_size"), second.argument("kernel_size")
    if not all(isinstance(kernel, tuple) for kernel in kernels):
        return False
    pairs = list(zip(*kernels, strict=True)) if len(kernels[0]) == len(kernels[1]) else []
    return bool(pairs) and all(1 in pair for pair in pairs)


def _is_bottleneck(first: PlacedLayer, second: PlacedLayer, passed: Sequence[PlacedLayer]) -> bool:
    """Whether the first is narrower than its neighbours, or projects as MobileNet does: linearly, by design.

    MobileNetV2 and V3 end a block in a 1x1 convolution and a normalisation, without an activation, and begin the next
    with a 1x1 convolution that widens (Sandler et al., 2018).
    """
    between = _out(first)
    if _is_less(between, _in(first)) and _is_less(between, _out(second)):
        return True
    pointwise = all(_is_pointwise(place) for place in (first, second))
    return pointwise and any(Trait.RESCALES in place.traits for place in passed) and _is_less(between, _out(second))


def _is_pointwise(place: PlacedLayer) -> bool:
    kernel = place.argument("kernel_size")
    return kernel == 1 or (isinstance(kernel, tuple) and set(kernel) == {1})


def _in(place: PlacedLayer) -> Dim:
    """The features or channels that come in."""
    return place.node.input[_axis(place)]


def _out(place: PlacedLayer) -> Dim:
    """The features or channels that go out."""
    return place.node.out[_axis(place)]


def _axis(place: PlacedLayer) -> int:
    return -1 if Trait.LINEAR in place.traits else 0


def _is_less(size: Dim, other: Dim) -> bool:
    return isinstance(size, int) and isinstance(other, int) and size < other
