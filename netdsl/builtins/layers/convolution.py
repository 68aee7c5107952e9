"""Convolutions: plain, depthwise and transposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Annotated, Any, Literal

from netdsl.builtins.layers.windows import (
    LAYOUTS,
    SHORTS,
    Formulas,
    Padding,
    Window,
    distinct,
    fit,
    sizes,
    slide,
    symmetric,
    windows,
)
from netdsl.components import INFERRED, Call, Refusal, Requirement, Result, Size, call, divisible, layer
from netdsl.core.ranges import AtLeast, Count
from netdsl.core.sizes import Dim, Shape, Unknown, product
from netdsl.core.text import text

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]

NAMES = {"kernel": "kernel_size", "out": "out_channels", "in": "in_channels"}
FLOW = ("in_channels", "out_channels")
FORMULA = "(size + 2·padding − dilation·(kernel_size − 1) − 1)/stride + 1"


@layer(
    "convolution",
    shorts={**SHORTS, "g": "groups"},
    flow=FLOW,
    stated={"in_channels": 0},
    aliases=NAMES,
    accepts=LAYOUTS,
    assumes="CHW",
    formula=FORMULA,
    example="conv 3->32 k5 p2",
    traits={"affine", "convolution", "window"},
)
def conv(
    x: Shape,
    out_channels: Count,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: Count = 1,
    bias: bool = True,
    padding_mode: PaddingMode = "zeros",
    *,
    in_channels: int = INFERRED,
) -> Result:
    """Slides learned kernels over the input and sums what they see.

    Each of the `out_channels` kernels looks at a `kernel_size` window of every input channel (of its own group, with
    `groups`), moves on by `stride`, and makes one output channel. `same` pads so that the size stays ⌈size/stride⌉.
    """
    _check_groups(in_channels, out_channels, groups)
    # Modes other than zeros pad with `F.pad`, which takes a negative padding and crops.
    sliding = windows(len(x) - 1, kernel_size, stride, padding, dilation, crops=padding_mode != "zeros")
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
    return _convolve(x, sliding, given, in_channels // groups)


conv1d = conv.only("conv1d", "CL")
conv2d = conv.only("conv2d", "CHW")
conv3d = conv.only("conv3d", "CDHW")


@layer(
    "convolution",
    shorts=SHORTS,
    flow=FLOW,
    stated={"in_channels": 0},
    aliases=NAMES,
    accepts=LAYOUTS,
    assumes="CHW",
    formula=FORMULA,
    example="dwconv k3 p1",
    traits={"affine", "convolution", "window"},
)
def dwconv(
    x: Shape,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    bias: bool = True,
    padding_mode: PaddingMode = "zeros",
    *,
    out_channels: Annotated[int | None, AtLeast(1)] = None,
    in_channels: int = INFERRED,
) -> Result:
    """Convolves each channel by itself: a depthwise convolution.

    It is a convolution with as many groups as input channels. `out_channels` is a multiple of their number; left out,
    it is their number. A 1x1 convolution usually follows, to mix the channels.
    """
    out = in_channels if out_channels is None else out_channels
    # An unknown number of channels comes from an error that is reported already.
    if isinstance(in_channels, int) and (out < 1 or out % in_channels):
        raise Refusal(
            text(
                "`out_channels` {out} is not a multiple of the {in_channels} input channels",
                out=out,
                in_channels=in_channels,
            ),
            "out_channels",
        )
    sliding = windows(len(x) - 1, kernel_size, stride, padding, dilation, crops=padding_mode != "zeros")
    given = {
        "in_channels": in_channels,
        "out_channels": out,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": in_channels,
        "bias": bias,
        "padding_mode": padding_mode,
    }
    return _convolve(x, sliding, given, 1)


@layer(
    "convolution",
    shorts={**SHORTS, "g": "groups"},
    flow=FLOW,
    stated={"in_channels": 0},
    aliases=NAMES,
    accepts=LAYOUTS,
    assumes="CHW",
    formula="(size − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1",
    example="convt 64->32 k2 s2",
    traits={"affine", "convolution"},
    torch_names=("ConvTranspose",),
)
def convt(
    x: Shape,
    out_channels: Count,
    kernel_size: Size,
    stride: Size = 1,
    # torch's transposed convolutions take neither `same` nor another padding mode.
    padding: Size = 0,
    output_padding: Size = 0,
    groups: Count = 1,
    bias: bool = True,
    dilation: Size = 1,
    padding_mode: Literal["zeros"] = "zeros",
    *,
    in_channels: int = INFERRED,
) -> Result:
    """Spreads each input element over a window of the output: a transposed convolution.

    It undoes what a convolution of the same arguments does to the size, so `stride` enlarges and `padding` cuts off;
    `output_padding` adds to one end what the strided convolution had rounded away.
    """
    _check_groups(in_channels, out_channels, groups)
    spatial = x[1:]
    sliding = windows(len(spatial), kernel_size, stride, padding, dilation)
    extra = sizes(output_padding, len(spatial), "output_padding", least=0)
    for window, more in zip(sliding, extra, strict=True):
        if more >= max(window.stride, window.dilation):
            template = "`output_padding` is {more} but must be smaller than `stride` {stride} or `dilation` {dilation}"
            message = text(template, more=more, stride=window.stride, dilation=window.dilation)
            raise Refusal(message, "output_padding")
    out = tuple(_spread(*axis) for axis in zip(sliding, spatial, extra, strict=True))
    weights = out_channels // groups * prod(window.kernel for window in sliding)
    return Result(
        (out_channels, *out),
        call(
            f"torch.nn:ConvTranspose{len(spatial)}d",
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            groups=groups,
            bias=bias,
            dilation=dilation,
            padding_mode=padding_mode,
        ),
        params=in_channels * weights + (out_channels if bias else 0),
        # Every input element meets each weight of its channel once, so that the input counts and not the output.
        macs=product(x) * weights,
        formula=distinct(
            _spread_formula(*axis)
            for axis in zip(sliding, spatial, extra, strict=True)
            if not isinstance(axis[1], Unknown)
        ),
        requires=tuple(
            Requirement(size, ">=", 1, text("`padding` leaves an output of {size} elements", size=size), "padding")
            for size in out
        ),
    )


convt1d = convt.only("convt1d", "CL")
convt2d = convt.only("convt2d", "CHW")
convt3d = convt.only("convt3d", "CDHW")


def _check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if not divisible(channels, groups):
            raise Refusal(
                text(
                    "`groups` {groups} does not divide `{name}` {channels}", groups=groups, name=name, channels=channels
                ),
                "groups",
            )


def _convolve(x: Shape, sliding: Sequence[Window], given: Mapping[str, Any], kernel_channels: int) -> Result:
    spatial, out_channels = x[1:], given["out_channels"]
    out = (out_channels, *slide(sliding, spatial))
    weights = kernel_channels * prod(window.kernel for window in sliding)
    return Result(
        out,
        _conv_call(sliding, given),
        params=out_channels * weights + (out_channels if given["bias"] else 0),
        macs=product(out) * weights,
        formula=Formulas(sliding, spatial),
        requires=(*fit(sliding, spatial), *_can_pad(sliding, spatial, given["padding_mode"])),
    )


def _conv_call(sliding: Sequence[Window], given: Mapping[str, Any]) -> Call:
    """The module: torch's own wherever it can pad as wanted, which with `same` it cannot for every stride."""
    form = f"Conv{len(sliding)}d"
    if given["padding"] != "same" or all(window.stride == 1 for window in sliding):
        return call(f"torch.nn:{form}", **given)
    # torch refuses `same` with a stride, but an even padding can be given as a number.
    if all(window.before == window.after for window in sliding):
        return call(f"torch.nn:{form}", **{**given, "padding": symmetric(sliding)})
    return call(f"netdsl.modules:Same{form}", **{name: value for name, value in given.items() if name != "padding"})


def _can_pad(sliding: Sequence[Window], spatial: Shape, mode: PaddingMode) -> tuple[Requirement, ...]:
    """That there are enough elements to pad with: `reflect` never repeats the outermost, `circular` may use all."""
    spare = {"reflect": 1, "circular": 0}.get(mode)
    if spare is None:
        return ()
    return tuple(
        Requirement(
            size,
            ">=",
            # `after` is the larger end: `same` puts the odd element there.
            window.after + spare,
            text(
                "`padding_mode` {mode} cannot pad {size} elements by {padding}",
                mode=mode,
                size=size,
                padding=window.after,
            ),
            "padding_mode",
        )
        for window, size in zip(sliding, spatial, strict=True)
    )


def _spread(window: Window, size: Dim, extra: int) -> Dim:
    return (size - 1) * window.stride - (window.before + window.after) + window.extent + extra


def _spread_formula(window: Window, size: Dim, extra: int) -> str:
    cut = f" − 2·{window.before}" if window.before else ""
    more = f" + {extra}" if extra else ""
    kernel = window.kernel if window.dilation == 1 else f"{window.dilation}·({window.kernel} − 1) + 1"
    return f"({size} − 1)·{window.stride}{cut} + {kernel}{more} = {_spread(window, size, extra)}"
