"""Convolutions, transposed convolutions, and the unfolding that underlies them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Literal

from netdsl.builtins.layers.windows import (
    LAYOUTS,
    SHORTS,
    Padding,
    Window,
    at_least,
    fit,
    formulas,
    slide,
    windows,
)
from netdsl.components import INFERRED, Call, Refusal, Requirement, Result, Size, call, divisible, layer
from netdsl.shapes import Shape, product

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]

NAMES = {"kernel": "kernel_size", "out": "out_channels", "in": "in_channels"}
FORMULA = "(size + 2·padding − dilation·(kernel_size − 1) − 1)/stride + 1"


@layer(
    "convolution",
    shorts={**SHORTS, "g": "groups"},
    flow=("in_channels", "out_channels"),
    stated={"in_channels": 0},
    aliases=NAMES,
    accepts=LAYOUTS,
    assumes="CHW",
    formula=FORMULA,
    example="conv 3->32 k5 p2",
)
def conv(
    x: Shape,
    out_channels: int,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    bias: bool = True,
    padding_mode: PaddingMode = "zeros",
    *,
    in_channels: int = INFERRED,
) -> Result:
    """Slides learned kernels over the input and sums what they see.

    Each of the `out_channels` kernels looks at a `kernel_size` window of every input channel (of its own group, with
    `groups`), moves on by `stride`, and makes one output channel. `same` pads so that the size stays ⌈size/stride⌉.
    """
    check_groups(in_channels, out_channels, groups)
    channels, *spatial = x
    sliding = windows(len(spatial), kernel_size, stride, padding, dilation)
    out = (out_channels, *slide(sliding, tuple(spatial)))
    weights = in_channels // groups * prod(window.kernel for window in sliding)
    given = {
        "in_channels": in_channels,
        "out_channels": out_channels,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": bias,
        "padding_mode": padding_mode,
    }
    return Result(
        out,
        _conv_call(sliding, given),
        params=out_channels * weights + (out_channels if bias else 0),
        macs=product(out) * weights,
        formula=formulas(sliding, tuple(spatial)),
        requires=(*fit(sliding, tuple(spatial)), *_can_pad(sliding, tuple(spatial), padding_mode)),
    )


conv1d = conv.only("conv1d", "CL")
conv2d = conv.only("conv2d", "CHW")
conv3d = conv.only("conv3d", "CDHW")


def check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    """Refuses groups that do not part the channels evenly."""
    at_least(out_channels, "out_channels")
    at_least(groups, "groups")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if not divisible(channels, groups):
            raise Refusal(f"`groups` {groups} does not divide `{name}` {channels}", "groups")


def _conv_call(sliding: Sequence[Window], given: dict[str, Any]) -> Call:
    """The module: torch's own wherever it can pad as wanted, which with `same` it cannot for every stride."""
    form = f"Conv{len(sliding)}d"
    if given["padding"] != "same" or all(window.stride == 1 for window in sliding):
        return call(f"torch.nn:{form}", **given)
    if all(window.before == window.after for window in sliding):
        return call(f"torch.nn:{form}", **given | {"padding": symmetric(sliding)})
    del given["padding"]
    return call(f"netdsl.modules:Same{form}", **given)


def symmetric(sliding: Sequence[Window]) -> Size:
    """The padding of windows that have as much at both ends: one number where the axes agree."""
    first, *rest = (window.before for window in sliding)
    return first if all(padding == first for padding in rest) else (first, *rest)


def _can_pad(sliding: Sequence[Window], spatial: Shape, mode: PaddingMode) -> tuple[Requirement, ...]:
    """That there are enough elements to pad with."""
    spare = {"reflect": 1, "circular": 0}.get(mode)
    if spare is None:
        return ()
    return tuple(
        Requirement(
            size,
            ">=",
            window.after + spare,
            f"`padding_mode` {mode} cannot pad {size} elements by {window.after}",
            "padding_mode",
        )
        for window, size in zip(sliding, spatial, strict=True)
    )
