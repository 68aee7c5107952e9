"""Functions of each number alone, and the few (glu, softmax) that look along a dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from netdsl.builtins.layers.checks import at_least_rank, axis, batched
from netdsl.components import Refusal, Requirement, Result, call, layer
from netdsl.core.ranges import Count, NonNegative
from netdsl.core.sizes import Shape
from netdsl.core.text import text


def _hardtanh_traits(arguments: Mapping[str, Any]) -> set[str]:
    always = {"activation", "idempotent"}
    return always | {"never_negative"} if arguments.get("min_val", -1) >= 0 else always


def _softplus_traits(arguments: Mapping[str, Any]) -> set[str]:
    return {"activation", "never_negative"} if arguments.get("beta", 1) > 0 else {"activation"}


def _threshold_traits(arguments: Mapping[str, Any]) -> set[str]:
    traits = {"activation", "idempotent"}
    if arguments["threshold"] >= 0 and arguments["value"] >= 0:
        # Below zero only negative numbers are replaced; 0 for 0 is relu itself.
        traits.add("never_negative")
    if arguments["threshold"] < 0 or arguments["threshold"] == arguments["value"] == 0:
        traits.add("keeps_positive")
    return traits


@layer(
    "activation",
    traits={"activation", "gradient_from_output", "idempotent", "keeps_positive", "never_negative"},
    example="relu",
)
def relu(x: Shape, inplace: bool = False) -> Result:
    """Keeps what is positive and makes the rest zero: max(0, x)."""
    return _same(x, "ReLU", inplace=inplace)


@layer("activation", traits={"activation", "keeps_positive"}, example="leakyrelu 0.2")
def leakyrelu(x: Shape, negative_slope: float = 0.01, inplace: bool = False) -> Result:
    """Keeps what is positive and multiplies the rest by a small slope, so that no unit dies."""
    return _same(x, "LeakyReLU", negative_slope=negative_slope, inplace=inplace)


@layer("activation", traits={"activation", "keeps_positive"}, example="prelu 64")
def prelu(x: Shape, num_parameters: Count = 1, init: float = 0.25) -> Result:
    """A `leakyrelu` whose slope is learned: one for all, or one for each channel (He et al., 2015).

    `num_parameters` is 1 or the number of channels; every slope starts at `init`.
    """
    requires: tuple[Requirement, ...] = ()
    if num_parameters > 1:
        # torch takes the channels from the dimension after the batch, so that a single number has none.
        at_least_rank(1, x, "prelu", "channels")
        message = text(
            "`num_parameters` is {num_parameters} but the input has {channels} channels: write {channels} or 1",
            num_parameters=num_parameters,
            channels=x[0],
        )
        requires = (Requirement(x[0], "==", num_parameters, message, "num_parameters"),)
    slopes = call("torch.nn:PReLU", num_parameters=num_parameters, init=init)
    return Result(x, slopes, params=num_parameters, requires=requires)


@layer("activation", traits={"activation", "keeps_positive"}, example="rrelu")
def rrelu(x: Shape, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> Result:
    """A `leakyrelu` whose slope is drawn between `lower` and `upper` in training, and is their mean afterwards."""
    if lower > upper:
        raise Refusal(text("`lower` {lower:g} must not be above `upper` {upper:g}", lower=lower, upper=upper), "lower")
    return _same(x, "RReLU", lower=lower, upper=upper, inplace=inplace)


@layer("activation", traits={"activation", "keeps_positive"}, example="elu")
def elu(x: Shape, alpha: float = 1.0, inplace: bool = False) -> Result:
    """Keeps what is positive and bends the rest towards −alpha: alpha·(eˣ − 1) (Clevert et al., 2015)."""
    return _same(x, "ELU", alpha=alpha, inplace=inplace)


@layer("activation", traits={"activation"}, example="selu")
def selu(x: Shape, inplace: bool = False) -> Result:
    """An `elu` with the two constants that keep mean 0 and deviation 1 from layer to layer (Klambauer et al., 2017)."""
    return _same(x, "SELU", inplace=inplace)


@layer("activation", traits={"activation", "keeps_positive"}, example="celu 0.5")
def celu(x: Shape, alpha: float = 1.0, inplace: bool = False) -> Result:
    """An `elu` that is smooth at zero for every alpha: alpha·(e^(x/alpha) − 1) below zero (Barron, 2017)."""
    if alpha == 0:
        raise Refusal("`alpha` is 0 but the input is divided by it", "alpha")
    return _same(x, "CELU", alpha=alpha, inplace=inplace)


@layer("activation", traits={"activation"}, example="gelu")
def gelu(x: Shape, approximate: Literal["none", "tanh"] = "none") -> Result:
    """Weighs each number by the share of a normal distribution below it: x·Φ(x) (Hendrycks and Gimpel, 2016).

    `approximate=tanh` takes the cheaper formula that GPT-2 was trained with.
    """
    return _same(x, "GELU", approximate=approximate)


@layer("activation", traits={"activation"}, example="silu")
def silu(x: Shape, inplace: bool = False) -> Result:
    """Multiplies each number by its own sigmoid: x·σ(x), also called swish."""
    return _same(x, "SiLU", inplace=inplace)


@layer("activation", traits={"activation"}, example="mish")
def mish(x: Shape, inplace: bool = False) -> Result:
    """A smooth curve much like `silu`: x·tanh(log(1 + eˣ)) (Misra, 2019)."""
    return _same(x, "Mish", inplace=inplace)


@layer("activation", traits={"activation", "gradient_from_output", "never_negative", "sigmoid"}, example="sigmoid")
def sigmoid(x: Shape) -> Result:
    """Squeezes each number between 0 and 1: 1/(1 + e⁻ˣ)."""
    return _same(x, "Sigmoid")


@layer("activation", traits={"activation", "never_negative"}, example="hardsigmoid")
def hardsigmoid(x: Shape, inplace: bool = False) -> Result:
    """A `sigmoid` of three straight lines: x/6 + 1/2, cut off at 0 and 1."""
    return _same(x, "Hardsigmoid", inplace=inplace)


@layer("activation", traits={"activation"}, example="hardswish")
def hardswish(x: Shape, inplace: bool = False) -> Result:
    """A `silu` that needs no exponential: x times its hardsigmoid (Howard et al., "MobileNetV3", 2019)."""
    return _same(x, "Hardswish", inplace=inplace)


@layer("activation", traits=_hardtanh_traits, example="hardtanh -2 2")
def hardtanh(x: Shape, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Result:
    """Raises numbers below `min_val` to it, and lowers numbers above `max_val` to it."""
    if min_val >= max_val:
        raise Refusal(
            text("`min_val` {min_val:g} must be below `max_val` {max_val:g}", min_val=min_val, max_val=max_val),
            "min_val",
        )
    return _same(x, "Hardtanh", min_val=min_val, max_val=max_val, inplace=inplace)


@layer("activation", traits={"activation", "idempotent", "never_negative"}, example="relu6")
def relu6(x: Shape, inplace: bool = False) -> Result:
    """A `relu` cut off at 6, which suits arithmetic of few bits: min(max(0, x), 6)."""
    return _same(x, "ReLU6", inplace=inplace)


@layer("activation", traits={"activation", "gradient_from_output"}, example="tanh")
def tanh(x: Shape) -> Result:
    """Squeezes each number between −1 and 1; zero stays zero."""
    return _same(x, "Tanh")


@layer("activation", traits={"activation"}, example="tanhshrink")
def tanhshrink(x: Shape) -> Result:
    """Subtracts the `tanh` of each number from it: x − tanh(x)."""
    return _same(x, "Tanhshrink")


@layer("activation", traits={"activation", "idempotent"}, example="hardshrink")
def hardshrink(x: Shape, lambd: float = 0.5) -> Result:
    """Makes numbers between −lambd and lambd zero, and keeps the rest."""
    return _same(x, "Hardshrink", lambd=lambd)


@layer("activation", traits={"activation"}, example="softshrink")
def softshrink(x: Shape, lambd: NonNegative = 0.5) -> Result:
    """Moves each number towards zero by `lambd`; numbers nearer to zero than that become zero."""
    return _same(x, "Softshrink", lambd=lambd)


@layer("activation", traits=_softplus_traits, example="softplus")
def softplus(x: Shape, beta: float = 1.0, threshold: float = 20.0) -> Result:
    """A smooth `relu`: log(1 + e^(beta·x))/beta, and x itself where beta·x is above the threshold."""
    return _same(x, "Softplus", beta=beta, threshold=threshold)


@layer("activation", traits={"activation"}, example="softsign")
def softsign(x: Shape) -> Result:
    """Squeezes each number between −1 and 1, more gently than `tanh`: x/(1 + |x|)."""
    return _same(x, "Softsign")


@layer("activation", traits={"activation"}, example="logsigmoid")
def logsigmoid(x: Shape) -> Result:
    """The logarithm of `sigmoid`, computed without overflow."""
    return _same(x, "LogSigmoid")


@layer("activation", traits=_threshold_traits, example="threshold 0.1 0")
def threshold(x: Shape, threshold: float, value: float, inplace: bool = False) -> Result:
    """Keeps what is above the threshold and replaces the rest by `value`."""
    return _same(x, "Threshold", threshold=threshold, value=value, inplace=inplace)


@layer("activation", formula="size/2", example="glu 0")
def glu(x: Shape, dim: int = -1) -> Result:
    """Cuts a dimension in halves and multiplies one by the sigmoid of the other: a·σ(b) (Dauphin et al., 2016).

    The dimension halves: 64 channels become 32 with `glu 0`.
    """
    at = axis(dim, x)
    half = x[at] // 2
    even = Requirement(
        x[at], "==", 2 * half, text("`glu` needs an even size to cut in halves but receives {size}", size=x[at]), "dim"
    )
    out = (*x[:at], half, *x[at + 1 :])
    return Result(out, call("torch.nn:GLU", dim=batched(dim)), formula=(f"{x[at]}/2 = {half}",), requires=(even,))


@layer("activation", traits={"activation", "gradient_from_output", "never_negative", "softmax"}, example="softmax")
def softmax(x: Shape, dim: int | None = None) -> Result:
    """Turns numbers into probabilities that add up to 1 along `dim`: eˣ/Σeˣ.

    Without `dim` it is the classes: the first dimension of F, C×H×W or C×D×H×W. The loss `cross_entropy` contains a
    softmax already, so that a classifier ends without one.
    """
    return _same(x, "Softmax", dim=_classes(dim, x, "softmax"))


@layer("activation", traits={"activation", "gradient_from_output", "never_negative", "softmax"}, example="softmin")
def softmin(x: Shape, dim: int | None = None) -> Result:
    """The `softmax` of the negated numbers: the smallest gets the largest share."""
    return _same(x, "Softmin", dim=_classes(dim, x, "softmin"))


@layer("activation", traits={"activation", "gradient_from_output", "idempotent", "logsoftmax"}, example="logsoftmax")
def logsoftmax(x: Shape, dim: int | None = None) -> Result:
    """The logarithm of `softmax`, computed without overflow: what the loss `nll` expects."""
    return _same(x, "LogSoftmax", dim=_classes(dim, x, "logsoftmax"))


def _classes(dim: int | None, x: Shape, name: str) -> int:
    """The dimension to normalise over, as torch counts it."""
    # C×L keeps its classes first and T×F last, so that a guess would be wrong for one of them.
    if dim is None and len(x) == 2:
        message = text("`{name}` does not know which of two dimensions holds the classes", name=name)
        raise Refusal(message, help="write `dim=0` for C×L, `dim=-1` for T×F")
    axis(dim or 0, x)
    return batched(dim or 0)


def _same(x: Shape, module: str, **arguments: Any) -> Result:
    return Result(x, call(f"torch.nn:{module}", **arguments))
