"""What torch itself makes of a layer's arguments: the reference that the rules are held against.

An oracle takes a sample's shape and the arguments as the language has them, and returns the module that a reader of
torch's documentation would write. It says nothing of what is allowed: that is torch's to say. A layer that is named as
its class of `torch.nn` is, capitals aside, and takes the same arguments needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf, nan
from typing import Any

import torch
from torch import Tensor, nn

from tests.soundness import windowless

Sizes = tuple[int, ...]
Oracle = Callable[..., nn.Module]


def plain(name: str) -> Oracle:
    """The class of `torch.nn` of that name, whatever the rank."""
    return lambda shape, **arguments: getattr(nn, name)(**arguments)


def of_rank(rank: int, name: str) -> Oracle:
    """The class of that name for samples of that rank; with fewer it would take the batch for the channels."""

    def oracle(shape: Sizes, **arguments: Any) -> nn.Module:
        if len(shape) != rank:
            raise TypeError(f"a batch of {shape} is not what {name} is for")
        return getattr(nn, name)(**arguments)

    return oracle


def by_rank(stem: str) -> Oracle:
    """The 1d, 2d or 3d form for one, two or three axes after the channels."""
    return lambda shape, **arguments: getattr(nn, f"{stem}{len(shape) - 1}d")(**arguments)


def convolution(shape: Sizes, **arguments: Any) -> nn.Module:
    """`same` with a stride, which torch has not, is every stride-th place of the convolution without one."""
    form, axes = getattr(nn, f"Conv{len(shape) - 1}d"), len(shape) - 1
    if arguments.get("padding") != "same":
        # too long a padding, with `replicate`, would go on to pad the channels
        each(arguments.get("padding", 0), axes)
        return form(**arguments)
    steps = tuple(slice(None, None, step) for step in each(arguments.get("stride", 1), axes))

    class Same(form):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x)[(..., *steps)]

    return Same(**{**arguments, "stride": 1})


def transposed(shape: Sizes, **arguments: Any) -> nn.Module:
    """One of the CPU's back ends overlooks a dilation of 0 where the kernel is 1; all others refuse it."""
    if 0 in each(arguments.get("dilation", 1), len(shape) - 1):
        raise ValueError("dilation should be greater than zero")
    return by_rank("ConvTranspose")(shape, **arguments)


def depthwise(shape: Sizes, *, in_channels: int, out_channels: int | None = None, **arguments: Any) -> nn.Module:
    """As many groups as channels."""
    out = in_channels if out_channels is None else out_channels
    return convolution(shape, in_channels=in_channels, out_channels=out, groups=in_channels, **arguments)


def each(size: Any, axes: int) -> Sizes:
    """A size for each axis."""
    if isinstance(size, int | str):
        return (size,) * axes
    if len(size) != axes:
        raise ValueError(f"{size} for {axes} axes")
    return size


class SamePool(nn.Module):
    """A pool with `padding="same"` by its definition: every window cut out of the padded input and reduced.

    Torch's own pool only judges the arguments, on an input that is large enough for any.
    """

    def __init__(self, judge: nn.Module, axes: int, fill: float, reduce: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.judge, self.fill, self.reduce = judge, fill, reduce
        self.kernels, self.strides = each(judge.kernel_size, axes), each(judge.stride, axes)
        self.dilations = each(getattr(judge, "dilation", 1), axes)

    def forward(self, x: Tensor) -> Tensor:
        axes = x.dim() - 2
        spans = [max(kernel * dilation, 1) for kernel, dilation in zip(self.kernels, self.dilations, strict=True)]
        self.judge(nn.functional.pad(x, [end for span in reversed(spans) for end in (span, span)]))
        for axis, (kernel, stride, dilation) in enumerate(zip(self.kernels, self.strides, self.dilations, strict=True)):
            spread = dilation * (kernel - 1)
            ends = (0, 0) * (axes - 1 - axis) + (spread // 2, spread - spread // 2)
            padded = nn.functional.pad(x, (0, 0) * axis + ends, value=self.fill)
            x = padded.unfold(axis + 2, spread + 1, stride)[..., ::dilation]
        return self.reduce(x.flatten(axes + 2))


def pool(stem: str, reduction: Callable[..., tuple[float, Callable[[Tensor], Tensor]]]) -> Oracle:
    """The form for the rank, where `padding` may be a word that torch's class does not know."""

    def oracle(shape: Sizes, **arguments: Any) -> nn.Module:
        axes = len(shape) - 1
        form = getattr(nn, f"{stem}{axes}d")
        if arguments.get("padding") == "same":
            return SamePool(form(**{**arguments, "padding": 0}), axes, *reduction(**arguments))
        return form(**{**arguments, "padding": 0} if arguments.get("padding") == "valid" else arguments)

    return oracle


def largest(**_: Any) -> tuple[float, Callable[[Tensor], Tensor]]:
    """What a maximum takes for padding, and how it reduces."""
    return -inf, lambda windows: windows.amax(-1)


def mean(
    count_include_pad: bool = True, divisor_override: int | None = None, **_: Any
) -> tuple[float, Callable[[Tensor], Tensor]]:
    """What a mean takes for padding, and how it reduces."""
    if divisor_override is not None:
        return 0.0, lambda windows: windows.sum(-1) / divisor_override
    return 0.0 if count_include_pad else nan, lambda windows: windows.nanmean(-1)


def average(shape: Sizes, **arguments: Any) -> nn.Module:
    """The 1d form has no `divisor_override`, so that none can be given."""
    given = {name: value for name, value in arguments.items() if (name, value) != ("divisor_override", None)}
    return pool("AvgPool", mean)(shape, **given)


def batchnorm(shape: Sizes, **arguments: Any) -> nn.Module:
    """Features alone are normalised by the 1d form."""
    return getattr(nn, f"BatchNorm{max(1, len(shape) - 1)}d")(**arguments)


def last_axes(name: str) -> Oracle:
    """The last axis is normalised over unless others are named."""

    def oracle(shape: Sizes, normalized_shape: Any = None, **arguments: Any) -> nn.Module:
        if isinstance(normalized_shape, tuple) and len(normalized_shape) > len(shape):
            raise ValueError("the batch is no axis to normalise over")
        return getattr(nn, name)(shape[-1] if normalized_shape is None else normalized_shape, **arguments)

    return oracle


class ScaleAlong(nn.Module):
    """The channels moved to the end, where a vector multiplies them."""

    def __init__(self, shape: Sizes, init: float = 1e-5, dim: int | None = None) -> None:
        super().__init__()
        axis = {2: 1}.get(len(shape), 0) if dim is None else dim
        self.axis = axis + 1 if axis >= 0 else axis
        self.weight = nn.Parameter(torch.full((shape[axis],), init))

    def forward(self, x: Tensor) -> Tensor:
        return (x.movedim(self.axis, -1) * self.weight).movedim(-1, self.axis)


ORACLES: Mapping[str, Oracle] = {
    **windowless.ORACLES,
    "conv": convolution,
    "dwconv": depthwise,
    "convt": transposed,
    "unfold": of_rank(3, "Unfold"),
    "fold": of_rank(2, "Fold"),
    "maxpool": pool("MaxPool", largest),
    "avgpool": average,
    "lppool": by_rank("LPPool"),
    "adaptiveavgpool": by_rank("AdaptiveAvgPool"),
    "adaptivemaxpool": by_rank("AdaptiveMaxPool"),
    "gap": lambda shape: by_rank("AdaptiveAvgPool")(shape, output_size=1),
    "bn": batchnorm,
    "instancenorm": by_rank("InstanceNorm"),
    "layernorm": last_axes("LayerNorm"),
    "rmsnorm": last_axes("RMSNorm"),
    "lrn": plain("LocalResponseNorm"),
    "layerscale": ScaleAlong,
}
"""By the name of the rule, which `conv` and `conv2d` share."""

NAMESAKES = {name.lower(): name for name, value in vars(nn).items() if isinstance(value, type)}
"""The classes of `torch.nn`, by what the language would call them."""


def find_oracle(rule: str) -> Oracle | None:
    """The oracle of a rule: one of its own, or the class of its name."""
    return ORACLES.get(rule) or (plain(NAMESAKES[rule]) if rule in NAMESAKES else None)


SIZES_NEEDED: Mapping[str, Callable[..., Iterable[int]]] = {
    **windowless.SIZES_NEEDED,
    "layernorm": lambda shape, normalized_shape=None, **_: () if normalized_shape else (-1,),
    "rmsnorm": lambda shape, normalized_shape=None, **_: () if normalized_shape else (-1,),
    "layerscale": lambda shape, dim=None, **_: (-1 if len(shape) == 2 else 0,) if dim is None else (dim,),
}
"""By the name of the rule: the axes, besides the stated ones, whose size the module must be told: no symbol will do."""
