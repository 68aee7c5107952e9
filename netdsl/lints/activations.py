"""Activations that are missing, or that do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from netdsl.core.diagnostics import Code, Diagnostic, Label
from netdsl.lints.edits import delete
from netdsl.lints.program import Place, Program

TWO_LINEAR_LAYERS = Code(
    "NET901",
    title="two linear layers with no activation between them",
    meaning=(
        "A linear map of a linear map is a linear map: the two layers, which may be convolutions, can do nothing "
        "that one could not. An activation between them makes the second one count. A layer narrower than both "
        "its neighbours is a bottleneck and is not warned of, nor is a depthwise convolution before a 1x1 one."
    ),
    example="input 784\nlinear 128\nlinear 10",
    instead="input 784\nlinear 128; relu\nlinear 10",
)

IDLE_ACTIVATION = Code(
    "NET910",
    title="an activation that changes nothing",
    meaning=(
        "What is positive already is left alone by `relu`: behind another `relu`, a `sigmoid` or a `softmax` it "
        "does nothing. Most often a line was copied once too often."
    ),
    example="input 64\nlinear 32; relu; relu; linear 10",
    instead="input 64\nlinear 32; relu; linear 10",
)

SOFTMAX_OF_ONE = Code(
    "NET911",
    title="a softmax of one number",
    meaning=(
        "A softmax makes shares that add up to 1, and the share of a single number is 1 whatever it is: the net "
        "can say only one thing. For a yes or a no, `sigmoid` is meant."
    ),
    example="input 64\nlinear 1; softmax",
    instead="input 64\nlinear 1; sigmoid",
)


WEIGHTED = ("torch.nn:Linear", "torch.nn:Conv", "netdsl.modules:SameConv")
AFFINE = (
    "torch.nn:AdaptiveAvgPool",
    "torch.nn:AlphaDropout",
    "torch.nn:AvgPool",
    "torch.nn:BatchNorm",
    "torch.nn:Dropout",
    "torch.nn:Flatten",
    "torch.nn:Identity",
    "netdsl.modules:LayerScale",
    "netdsl.modules:SameAvgPool",
)
"""In evaluation these multiply and add, as a linear layer may do by itself."""

SOFTMAXES = ("torch.nn:Softmax", "torch.nn:LogSoftmax", "torch.nn:Softmin")
NEVER_NEGATIVE = (
    "torch.nn:Hardsigmoid",
    "torch.nn:ReLU",
    "torch.nn:ReLU6",
    "torch.nn:Sigmoid",
    "torch.nn:Softmax",
    "torch.nn:Softplus",
)
IDEMPOTENT = ("torch.nn:Hardtanh", "torch.nn:ReLU", "torch.nn:ReLU6")


def two_linear_layers(program: Program) -> Iterator[Diagnostic]:
    """NET901: two linear layers, or convolutions, that together are one."""
    for place in program.somewhere(lambda place: _folded(place) is not None):
        first = _folded(place)
        assert first is not None
        message = f"no activation between this `{place.node.name}` and the `{first.node.name}` before it"
        labels = (Label(first.node.span, "together they do what one layer can"),)
        advice = "write one between them, for example `relu`"
        yield Diagnostic(TWO_LINEAR_LAYERS, message, place.node.span, labels=labels, help=advice)


def twice_the_same(program: Program) -> Iterator[Diagnostic]:
    """NET910: an activation that leaves everything as it is."""
    for place in program.everywhere(changes_nothing):
        assert place.before is not None
        before = place.before.node
        message = f"`{place.node.name}` after `{before.name}` changes nothing"
        labels = (Label(before.span, "the same has happened here"),)
        fix = delete(program.statements[place.node.span])
        yield Diagnostic(IDLE_ACTIVATION, message, place.node.span, labels=labels, fix=fix)


def softmax_of_one(program: Program) -> Iterator[Diagnostic]:
    """NET911: a softmax over one number."""
    for place in program.somewhere(_is_of_one):
        value = {"torch.nn:LogSoftmax": 0}.get(place.target, 1)
        message = f"`{place.node.name}` of a single number is always {value}"
        advice = "for a yes or a no use `sigmoid`, for classes give each its own output"
        yield Diagnostic(SOFTMAX_OF_ONE, message, place.node.span, help=advice)


def _folded(place: Place) -> Place | None:
    """The linear layer before this one that it could take in.

    A layer narrower than what comes in and what goes out is a bottleneck, which is meant; so is a convolution of groups
    before one across them, and a row before a column.
    """
    if not _is_dense(place):
        return None
    passed = list(takewhile(lambda before: before.target in AFFINE, place.chain()))
    first = (passed[-1] if passed else place).before
    if first is None or not _is_dense(first) or not _is_along(first, place, passed) or _is_separable(first, place):
        return None
    return first if _outputs(first) >= min(_inputs(first), _outputs(place)) else None


def _is_dense(place: Place) -> bool:
    return place.target in WEIGHTED and place.argument("groups", 1) == 1


def _inputs(place: Place) -> int:
    size: int = place.argument("in_features") or place.argument("in_channels")
    return size


def _outputs(place: Place) -> int:
    size: int = place.argument("out_features") or place.argument("out_channels")
    return size


def _is_along(first: Place, second: Place, passed: Sequence[Place]) -> bool:
    """Whether both see the same axis: a `linear` sees a convolution's channels once they are flattened."""
    flattened = any(place.target == "torch.nn:Flatten" for place in passed)
    kinds = [place.target == "torch.nn:Linear" for place in (first, second)]
    return kinds[0] == kinds[1] or (kinds == [False, True] and flattened)


def _is_separable(first: Place, second: Place) -> bool:
    """Whether one convolution sees along an axis and the other along another."""
    kernels = first.argument("kernel_size"), second.argument("kernel_size")
    if not all(isinstance(kernel, tuple) for kernel in kernels):
        return False
    pairs = list(zip(*kernels, strict=True)) if len(kernels[0]) == len(kernels[1]) else []
    return bool(pairs) and all(1 in pair for pair in pairs)


def changes_nothing(place: Place) -> bool:
    """Whether an activation leaves everything as the one before it has made it."""
    before = place.before
    if before is None or place.target == "torch.nn:PReLU":
        return False
    same = place.target in IDEMPOTENT and before.node.call == place.node.call
    return same or (place.target == "torch.nn:ReLU" and before.target in NEVER_NEGATIVE)


def _is_of_one(place: Place) -> bool:
    dim = place.argument("dim")
    if place.target not in SOFTMAXES or not isinstance(dim, int) or dim == 0:
        return False
    sizes = place.node.input
    axis = dim - 1 if dim > 0 else len(sizes) + dim
    return 0 <= axis < len(sizes) and sizes[axis] == 1


def tail(last: Place | None) -> Iterator[Place]:
    """The layers at the end of a net that only change each number, the last first."""
    ends = [last, *last.chain()] if last else []
    return takewhile(lambda place: is_activation(place) or is_passing(place), (place for place in ends if place))


def is_activation(place: Place) -> bool:
    """Whether it bends each number by itself, or turns them into shares."""
    layer = place.node.layer
    return layer is not None and layer.family == "activation" and place.target != "torch.nn:GLU"


def is_passing(place: Place) -> bool:
    """Whether it hands the numbers on as they are, in evaluation."""
    return place.target in ("torch.nn:Dropout", "torch.nn:Flatten", "torch.nn:Identity")
