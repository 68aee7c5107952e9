"""Layers that disturb the training so that the net relies on no detail; in evaluation they do nothing."""

from __future__ import annotations

from netdsl.builtins.layers.checks import at_least_rank
from netdsl.components import Result, call, layer
from netdsl.core.ranges import Share
from netdsl.core.sizes import Shape


@layer("regularisation", example="dropout 0.5", traits={"affine", "dropout", "idempotent", "passes_through"})
def dropout(x: Shape, p: Share = 0.5, inplace: bool = False) -> Result:
    """Sets each number to zero with probability `p`, in training, and scales the others by 1/(1 − p).

    The scaling keeps the expected value, so that in evaluation nothing has to be done (Srivastava et al., 2014).
    """
    return _dropping("Dropout", x, p, inplace)


@layer(
    "regularisation",
    accepts=("CL",),
    assumes="CL",
    example="dropout1d 0.1",
    traits={"affine", "dropout", "idempotent", "passes_through"},
)
def dropout1d(x: Shape, p: Share = 0.5, inplace: bool = False) -> Result:
    """Drops whole channels of a C×L input with probability `p`, in training, and scales the others by 1/(1 − p)."""
    return _dropping("Dropout1d", x, p, inplace)


@layer(
    "regularisation",
    accepts=("CHW",),
    assumes="CHW",
    example="dropout2d 0.1",
    traits={"affine", "dropout", "idempotent", "passes_through"},
)
def dropout2d(x: Shape, p: Share = 0.5, inplace: bool = False) -> Result:
    """Drops whole channels of a C×H×W input with probability `p`, in training, and scales the others by 1/(1 − p).

    Neighbouring pixels are so alike that dropping single ones would hide little (Tompson et al., 2015).
    """
    return _dropping("Dropout2d", x, p, inplace)


@layer(
    "regularisation",
    accepts=("CDHW",),
    assumes="CDHW",
    example="dropout3d 0.1",
    traits={"affine", "dropout", "idempotent", "passes_through"},
)
def dropout3d(x: Shape, p: Share = 0.5, inplace: bool = False) -> Result:
    """Drops whole channels of a C×D×H×W input with probability `p`, in training, and scales the others by 1/(1 − p)."""
    return _dropping("Dropout3d", x, p, inplace)


@layer("regularisation", example="alphadropout 0.1", traits={"affine", "dropout", "idempotent", "passes_through"})
def alphadropout(x: Shape, p: Share = 0.5, inplace: bool = False) -> Result:
    """Drops numbers so that mean 0 and deviation 1 are kept, which nets of `selu` rely on.

    A dropped number becomes selu's lowest value and not zero, and an affine map restores the mean and the deviation
    (Klambauer et al., 2017).
    """
    return _dropping("AlphaDropout", x, p, inplace)


@layer(
    "regularisation", example="featurealphadropout 0.1", traits={"affine", "dropout", "idempotent", "passes_through"}
)
def featurealphadropout(x: Shape, p: Share = 0.5, inplace: bool = False) -> Result:
    """Drops whole channels so that mean 0 and deviation 1 are kept: `alphadropout` for feature maps."""
    at_least_rank(1, x, "featurealphadropout", "channels")
    return _dropping("FeatureAlphaDropout", x, p, inplace)


@layer("regularisation", example="droppath 0.1", traits={"affine", "dropout", "idempotent", "passes_through"})
def droppath(x: Shape, p: Share) -> Result:
    """Sets whole samples to zero with probability `p`, in training, and scales the others by 1/(1 − p).

    At the end of a residual's body it skips the body for some samples of each batch: stochastic depth (Huang et al.,
    2016).
    """
    return Result(x, call("netdsl.modules:DropPath", p=p))


def _dropping(module: str, x: Shape, p: float, inplace: bool) -> Result:
    return Result(x, call(f"torch.nn:{module}", p=p, inplace=inplace))
