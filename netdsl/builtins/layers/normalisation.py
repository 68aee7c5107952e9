"""Normalisations: values brought to a common scale, and the layers that only scale. None counts multiply-adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

from netdsl.builtins.layers.checks import at_least_rank, axis
from netdsl.builtins.layers.windows import LAYOUTS
from netdsl.components import INFERRED, Refusal, Requirement, Result, Size, Undetermined, call, divisible, layer
from netdsl.core.ranges import Count, Positive
from netdsl.core.sizes import Dim, Expr, Shape, format_shape, product
from netdsl.core.text import text


def _bn_traits(arguments: Mapping[str, Any]) -> set[str]:
    """Only with running statistics does an evaluation multiply and add the same numbers for every batch."""
    always = {"normalises", "rescales"}
    return always | {"affine"} if arguments.get("track_running_stats", True) else always


@layer(
    "normalisation",
    stated={"num_features": 0},
    accepts=("C", *LAYOUTS),
    assumes="CHW",
    formula="the input's",
    example="bn",
    traits=_bn_traits,
    torch_names=("BatchNorm", "SyncBatchNorm"),
)
def bn(
    x: Shape,
    num_features: int = INFERRED,
    eps: Positive = 1e-5,
    momentum: float | None = 0.1,
    affine: bool = True,
    track_running_stats: bool = True,
) -> Result:
    """Normalises each channel over the batch and all positions, then scales and shifts it by learned numbers.

    In evaluation it uses running means and variances, which `momentum` updates in training.
    """
    requires: tuple[Requirement, ...] = ()
    if not track_running_stats:  # then it normalises a single sample by itself, in evaluation too
        template = "a channel of one sample needs at least 2 values to be normalised, but has {values}"
        requires = (_several(product(x[1:]), template),)
    return Result(
        x,
        call(
            # torch has no class for bare features: BatchNorm1d takes both C and C×L.
            f"torch.nn:BatchNorm{max(1, len(x) - 1)}d",
            num_features=num_features,
            eps=eps,
            momentum=momentum,
            affine=affine,
            track_running_stats=track_running_stats,
        ),
        params=2 * num_features if affine else 0,
        requires=requires,
    )


bn1d = replace(bn.only("bn1d", "CL"), accepts=("C", "CL"))
bn2d = bn.only("bn2d", "CHW")
bn3d = bn.only("bn3d", "CDHW")


@layer(
    "normalisation",
    stated={"num_features": 0},
    accepts=LAYOUTS,
    assumes="CHW",
    formula="the input's",
    example="instancenorm",
    traits={"rescales"},
)
def instancenorm(
    x: Shape,
    num_features: int = INFERRED,
    eps: float = 1e-5,
    momentum: float = 0.1,
    affine: bool = False,
    track_running_stats: bool = False,
) -> Result:
    """Normalises each channel of each sample over its own positions.

    It removes the contrast of each image, as style transfer needs. It learns nothing unless `affine` is set.
    """
    return Result(
        x,
        call(
            f"torch.nn:InstanceNorm{len(x) - 1}d",
            num_features=num_features,
            eps=eps,
            momentum=momentum,
            affine=affine,
            track_running_stats=track_running_stats,
        ),
        params=2 * num_features if affine else 0,
        requires=(_several(product(x[1:]), "a channel needs at least 2 values to be normalised, but has {values}"),),
    )


instancenorm1d = instancenorm.only("instancenorm1d", "CL")
instancenorm2d = instancenorm.only("instancenorm2d", "CHW")
instancenorm3d = instancenorm.only("instancenorm3d", "CDHW")


@layer("normalisation", formula="the input's", example="layernorm", traits={"rescales"})
def layernorm(
    x: Shape,
    normalized_shape: Size | None = None,
    eps: float = 1e-5,
    elementwise_affine: bool = True,
    bias: bool = True,
) -> Result:
    """Normalises each sample over its last axes, then scales and shifts every element by learned numbers.

    Without arguments it takes the last axis, the features of a sequence; `layernorm 64x8x8` states the axes.
    """
    at_least_rank(1, x, "layernorm", "at least one dimension")
    shape, requires = _normalized(x, normalized_shape)
    return Result(
        x,
        call("torch.nn:LayerNorm", normalized_shape=shape, eps=eps, elementwise_affine=elementwise_affine, bias=bias),
        params=prod(shape) * (2 if bias else 1) if elementwise_affine else 0,
        requires=requires,
    )


@layer("normalisation", formula="the input's", example="rmsnorm", traits={"rescales"})
def rmsnorm(
    x: Shape, normalized_shape: Size | None = None, eps: float | None = None, elementwise_affine: bool = True
) -> Result:
    """Divides each sample by the root of its mean square over the last axes, then scales every element.

    It is `layernorm` without the mean and the shift: cheaper, and as good in most transformers.
    """
    at_least_rank(1, x, "rmsnorm", "at least one dimension")
    shape, requires = _normalized(x, normalized_shape)
    return Result(
        x,
        call("torch.nn:RMSNorm", normalized_shape=shape, eps=eps, elementwise_affine=elementwise_affine),
        params=prod(shape) if elementwise_affine else 0,
        requires=requires,
    )


@layer("normalisation", stated={"num_channels": 0}, formula="the input's", example="groupnorm 8", traits={"rescales"})
def groupnorm(
    x: Shape, num_groups: Count, num_channels: int = INFERRED, eps: float = 1e-5, affine: bool = True
) -> Result:
    """Normalises groups of channels of each sample over all positions, then scales and shifts each channel.

    It does not depend on the batch, so it suits batches too small for `bn`. With one group, all channels are
    normalised together; with as many groups as channels, it is `instancenorm`.
    """
    at_least_rank(1, x, "groupnorm", "channels")
    if not divisible(num_channels, num_groups):
        raise Refusal(
            text(
                "`num_groups` {num_groups} does not divide the {num_channels} channels",
                num_groups=num_groups,
                num_channels=num_channels,
            ),
            "num_groups",
        )
    return Result(
        x,
        call("torch.nn:GroupNorm", num_groups=num_groups, num_channels=num_channels, eps=eps, affine=affine),
        params=2 * num_channels if affine else 0,
        requires=(
            _several(
                (num_channels // num_groups) * product(x[1:]),
                "a group of channels needs at least 2 values to be normalised, but has {values}",
            ),
        ),
    )


@layer("normalisation", formula="the input's", example="lrn 5", traits={"rescales"}, torch_names=("LocalResponseNorm",))
def lrn(x: Shape, size: Count, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Result:
    """Divides each value by a sum over `size` neighbouring channels at its place: local response normalisation.

    Krizhevsky, Sutskever and Hinton's AlexNet (2012) used it; `bn` has replaced it.
    """
    # torch asks for three dimensions, and the batch is one of them.
    at_least_rank(2, x, "lrn", "channels and at least one axis")
    return Result(x, call("torch.nn:LocalResponseNorm", size=size, alpha=alpha, beta=beta, k=k))


@layer("normalisation", formula="the input's", example="layerscale 1e-6", traits={"affine", "rescales"})
def layerscale(x: Shape, init: float = 1e-5, dim: int | None = None) -> Result:
    """Multiplies each channel by a learned number that begins small.

    At the end of a residual body it lets a deep net begin near the identity. The channels are `dim`: the first of an
    image, and the last of a sequence, unless given.
    """
    # Two dimensions are read as a sequence T×F, whose features are last.
    channels = axis((-1 if len(x) == 2 else 0) if dim is None else dim, x)
    features = _number(x[channels], "dim")
    return Result(
        x,
        # The module counts from the end, where the batch makes no difference.
        call("netdsl.modules:LayerScale", features=features, init=init, dim=channels - len(x)),
        params=features,
    )


def _several(values: Dim, template: str) -> Requirement:
    """What torch asks of a normalisation over one sample: a single value has no deviation."""
    return Requirement(values, ">=", 2, text(template, values=values))


def _normalized(x: Shape, stated: Size | None) -> tuple[tuple[int, ...], tuple[Requirement, ...]]:
    """The axes normalised over, the last unless stated, and that they are the input's."""
    if stated is None:
        return (_number(x[-1], "normalized_shape"),), ()
    shape = (stated,) if isinstance(stated, int) else stated
    if len(shape) > len(x):
        message = text(
            "`normalized_shape` has {count} axes but receives {shape}", count=len(shape), shape=format_shape(x)
        )
        raise Refusal(message, "normalized_shape")
    # torch normalises over the last axes, as many as are stated.
    given = x[len(x) - len(shape) :]
    message = text(
        "`normalized_shape` is {shape} but the last axes are {sizes}",
        shape=format_shape(shape),
        sizes=format_shape(given),
    )
    equal = (Requirement(size, "==", one, message, "normalized_shape") for size, one in zip(given, shape, strict=True))
    return shape, tuple(equal)


def _number(size: Dim, at: str) -> int:
    """A size that the module must be told; one that is unknown has been complained of before."""
    if isinstance(size, Expr):
        raise Undetermined(text("the size of the axis must be a number but is {size}", size=size), at)
    return size  # type: ignore[return-value]  # an unknown size stays unknown
