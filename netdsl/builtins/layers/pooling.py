"""Pools: what a window sees, reduced to one number. They learn nothing and multiply nothing by weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netdsl.builtins.layers.windows import (
    LAYOUTS,
    SHORTS,
    Formulas,
    Padding,
    Window,
    fit,
    slide,
    symmetric,
    windows,
)
from netdsl.components import Call, Refusal, Result, Size, call, layer
from netdsl.core.ranges import AtLeast
from netdsl.core.sizes import Dim, Shape
from netdsl.core.text import text

FORMULA = "(size + 2·padding − kernel_size)/stride + 1"
NAMES = {"kernel": "kernel_size"}
WHOLE = ("AvgPool3d", "LPPool3d")
"""Where torch wants the kernel to fit into the input without its padding."""

OutputSize = int | tuple[int | None, ...]
"""One size for every axis, or one for each; `none` keeps an axis as it is."""


@layer(
    "pooling",
    shorts=SHORTS,
    aliases=NAMES,
    accepts=LAYOUTS,
    assumes="CHW",
    formula="(size + 2·padding − dilation·(kernel_size − 1) − 1)/stride + 1",
    example="maxpool 2",
    traits={"window"},
)
def maxpool(
    x: Shape,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> Result:
    """The largest value in each window.

    The window moves on by `stride`, its own size unless given, so that `maxpool 2` halves the size. A last window
    that does not fit is dropped, or with `ceil_mode` kept. `same` pads so that the size stays ⌈size/stride⌉.
    """
    # torch's own default.
    stride = kernel_size if stride is None else stride
    sliding = windows(len(x) - 1, kernel_size, stride, padding, dilation)
    given = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "ceil_mode": ceil_mode,
    }
    return _pool(x, sliding, "MaxPool", given)


maxpool1d = maxpool.only("maxpool1d", "CL")
maxpool2d = maxpool.only("maxpool2d", "CHW")
maxpool3d = maxpool.only("maxpool3d", "CDHW")


@layer(
    "pooling",
    shorts={short: name for short, name in SHORTS.items() if short != "d"},
    aliases=NAMES,
    accepts=LAYOUTS,
    assumes="CHW",
    formula=FORMULA,
    example="avgpool 2",
    traits={"affine", "window"},
)
def avgpool(
    x: Shape,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Result:
    """The mean of each window.

    The window moves on by `stride`, its own size unless given. Padding counts as zeros unless `count_include_pad` is
    false; `divisor_override` divides the sum by another number than that of the elements. `same` pads so that the
    size stays ⌈size/stride⌉.
    """
    stride = kernel_size if stride is None else stride
    sliding = windows(len(x) - 1, kernel_size, stride, padding)
    given: dict[str, Any] = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "ceil_mode": ceil_mode,
        "count_include_pad": count_include_pad,
    }
    # torch's AvgPool1d has no such argument, so that the call leaves it out.
    if len(sliding) > 1:
        given["divisor_override"] = divisor_override
        if divisor_override == 0:
            raise Refusal("`divisor_override` is 0", "divisor_override")
    elif divisor_override is not None:
        raise Refusal("`divisor_override` needs two or three axes, but the input has one", "divisor_override")
    return _pool(x, sliding, "AvgPool", given)


avgpool1d = avgpool.only("avgpool1d", "CL")
avgpool2d = avgpool.only("avgpool2d", "CHW")
avgpool3d = avgpool.only("avgpool3d", "CDHW")


@layer(
    "pooling",
    shorts={"k": "kernel_size", "s": "stride"},
    aliases=NAMES,
    accepts=LAYOUTS,
    assumes="CHW",
    formula="(size − kernel_size)/stride + 1",
    example="lppool 2 k3 s2",
    traits={"window"},
)
def lppool(
    x: Shape, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Result:
    """The p-norm of each window: the root of the sum of powers, with p = `norm_type`.

    At 1 it is proportional to the mean, and towards infinity it becomes the maximum.
    """
    if norm_type == 0:
        raise Refusal("`norm_type` is 0, and there is no 0th root", "norm_type")
    stride = kernel_size if stride is None else stride
    sliding = windows(len(x) - 1, kernel_size, stride)
    given = {"norm_type": norm_type, "kernel_size": kernel_size, "stride": stride, "ceil_mode": ceil_mode}
    return _pool(x, sliding, "LPPool", given)


lppool1d = lppool.only("lppool1d", "CL")
lppool2d = lppool.only("lppool2d", "CHW")
lppool3d = lppool.only("lppool3d", "CDHW")


@layer(
    "pooling",
    accepts=LAYOUTS,
    assumes="CHW",
    formula="output_size",
    example="adaptiveavgpool 7",
    traits={"affine"},
)
def adaptiveavgpool(x: Shape, output_size: OutputSize) -> Result:
    """The mean of each of `output_size` windows that cover the input, whatever its size.

    Windows are as equal as they can be and may overlap. An axis given as `none` keeps its size.
    """
    return _adapt(x, output_size, "AdaptiveAvgPool")


adaptiveavgpool1d = adaptiveavgpool.only("adaptiveavgpool1d", "CL")
adaptiveavgpool2d = adaptiveavgpool.only("adaptiveavgpool2d", "CHW")
adaptiveavgpool3d = adaptiveavgpool.only("adaptiveavgpool3d", "CDHW")


@layer(
    "pooling",
    accepts=LAYOUTS,
    assumes="CHW",
    formula="output_size",
    example="adaptivemaxpool 7",
)
def adaptivemaxpool(x: Shape, output_size: OutputSize) -> Result:
    """The largest value of each of `output_size` windows that cover the input, whatever its size.

    Windows are as equal as they can be and may overlap. An axis given as `none` keeps its size.
    """
    return _adapt(x, output_size, "AdaptiveMaxPool")


adaptivemaxpool1d = adaptivemaxpool.only("adaptivemaxpool1d", "CL")
adaptivemaxpool2d = adaptivemaxpool.only("adaptivemaxpool2d", "CHW")
adaptivemaxpool3d = adaptivemaxpool.only("adaptivemaxpool3d", "CDHW")


@layer("pooling", accepts=LAYOUTS, assumes="CHW", formula="1", example="gap", traits={"affine"})
def gap(x: Shape) -> Result:
    """The mean of each channel over all positions: global average pooling.

    It leaves one number for each channel, for an input of any size; `flatten` makes a vector of them.
    """
    return _adapt(x, 1, "AdaptiveAvgPool")


def _pool(x: Shape, sliding: Sequence[Window], stem: str, given: Mapping[str, Any]) -> Result:
    spatial, form = x[1:], f"{stem}{len(sliding)}d"
    same = given.get("padding") == "same"
    # The module for `same` pads by itself, without torch's bound of half a kernel.
    if not same:
        _check_padding(sliding)
    # with `same` the size is rounded up already, and another window would begin outside the input
    ceil = given["ceil_mode"] and not same
    whole = [window._replace(before=0, after=0) for window in sliding] if form in WHOLE and not same else sliding
    return Result(
        (x[0], *slide(sliding, spatial, ceil)),
        _pool_call(form, sliding, {**given, "ceil_mode": ceil}),
        formula=Formulas(sliding, spatial, ceil),
        # There torch compares the kernel with the bare input, whether or not the last window may hang over.
        requires=fit(whole, spatial, ceil and form not in WHOLE),
    )


def _pool_call(form: str, sliding: Sequence[Window], given: Mapping[str, Any]) -> Call:
    """The module: torch's own wherever it can pad as wanted."""
    padding = given.get("padding")
    if padding == "same" and not _torch_pads(form, sliding):
        return call(f"netdsl.modules:Same{form}", **{name: value for name, value in given.items() if name != "padding"})
    # torch's pools take a number only, no name.
    if padding in ("same", "valid"):
        return call(f"torch.nn:{form}", **{**given, "padding": symmetric(sliding)})
    return call(f"torch.nn:{form}", **given)


def _torch_pads(form: str, sliding: Sequence[Window]) -> bool:
    """Whether torch's own class can pad so: as much at both ends, and by half of the kernel at most."""
    if form in WHOLE:
        return all(window.before == window.after == 0 for window in sliding)
    return all(window.before == window.after <= window.kernel // 2 for window in sliding)


def _check_padding(sliding: Sequence[Window]) -> None:
    for window in sliding:
        if window.before > window.kernel // 2:
            raise Refusal(
                text(
                    "`padding` {padding} is more than half of the kernel's {kernel}",
                    padding=window.before,
                    kernel=window.kernel,
                ),
                "padding",
            )


def _adapt(x: Shape, output_size: OutputSize, stem: str) -> Result:
    axes = len(x) - 1
    wanted = (output_size,) * axes if isinstance(output_size, int) else output_size
    if len(wanted) != axes:
        message = text(
            "`output_size` has {count} sizes but the input has {axes} spatial axes", count=len(wanted), axes=axes
        )
        raise Refusal(message, "output_size")
    return Result(
        (x[0], *(_kept(size, given) for size, given in zip(x[1:], wanted, strict=True))),
        call(f"torch.nn:{stem}{axes}d", output_size=output_size),
    )


def _kept(size: Dim, wanted: int | None) -> Dim:
    if wanted is None:
        return size
    AtLeast(1).check("output_size", wanted)
    return wanted
