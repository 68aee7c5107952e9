"""Layers that make feature maps larger or smaller without learning anything: upsample, pad, crop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from netdsl.builtins.layers.windows import LAYOUTS, distinct, sizes
from netdsl.components import (
    Call,
    LabelledOutput,
    Refusal,
    Requirement,
    Result,
    Size,
    Undetermined,
    call,
    layer,
    one_of,
)
from netdsl.core.sizes import Dim, Expr, Shape, format_shape
from netdsl.core.text import text

Factor = float | tuple[float, ...]

Mode = Literal["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"]

BLENDING: dict[Mode, str] = {"linear": "CL", "bilinear": "CHW", "bicubic": "CHW", "trilinear": "CDHW"}
"""The layout that a mode is for; the others take any."""

EXACT_BITS = 22
"""A factor whose numerator has no more bits times a size below 2³¹ is exact in the 53 bits of a float."""


@layer(
    "shape",
    aliases={"scale": "scale_factor"},
    accepts=LAYOUTS,
    assumes="CHW",
    formula="⌊size·scale_factor⌋",
    example="upsample 2 mode=bilinear",
    traits={"affine"},
)
def upsample(
    x: Shape,
    scale_factor: Factor | None = None,
    size: Size | None = None,
    mode: Mode = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    *,
    like: LabelledOutput | None = None,
) -> Result:
    """Makes a feature map larger by a factor, or brings it to a size, and interpolates between its numbers.

    `like=stem` brings it to the size of the labelled output `stem`, whatever size that has.

    `nearest` repeats them; `linear` (C×L), `bilinear` (C×H×W) and `trilinear` (C×D×H×W) blend neighbours. With
    `align_corners` the outermost numbers stay where they are.
    """
    if size is not None and scale_factor == 0:
        scale_factor = None  # as torch reads it
    if like is not None:
        if scale_factor is not None or size is not None or recompute_scale_factor:
            raise Refusal("`like` says the size already: `upsample` needs no other", "like")
        _check_upsample(x, None, 1, mode, align_corners, None)
        resized = call("netdsl.modules:UpsampleLike", mode=mode, align_corners=align_corners)
        return Result((x[0], *_sizes_like(x, like)), resized)
    _check_upsample(x, scale_factor, size, mode, align_corners, recompute_scale_factor)
    spatial = x[1:]
    formula: tuple[str, ...] = ()
    if size is not None:
        out: Shape = sizes(size, len(spatial), "size")
    else:
        factors = _factors(scale_factor, len(spatial))
        out = tuple(map(_scale, spatial, factors))
        formula = distinct(map(_scaling, spatial, factors, out))
    module = call(
        "torch.nn:Upsample",
        size=size,
        scale_factor=scale_factor,
        mode=mode,
        align_corners=align_corners,
        recompute_scale_factor=recompute_scale_factor,
    )
    message = "`scale_factor` leaves nothing of the input"
    # A factor below 1 may round a small size down to nothing.
    some = tuple(Requirement(one, ">=", 1, message, "scale_factor") for one in out)
    return Result((x[0], *out), module, formula=formula, requires=some)


@layer(
    "shape",
    shorts={"p": "padding"},
    accepts=LAYOUTS,
    assumes="CHW",
    takes="any",
    example="pad 2 mode=reflect",
    traits={"affine"},
    torch_names=("ZeroPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "CircularPad"),
)
def pad(
    x: Shape,
    padding: Size | None = None,
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant",
    value: float = 0.0,
    *,
    like: LabelledOutput | None = None,
) -> Result:
    """Puts numbers around a feature map: `value`, or its own numbers, mirrored, repeated or wrapped around.

    `padding` is one number for every side, or two for each axis, the last axis first: left,right,top,bottom. A
    negative number cuts away. `like=stem` pads to the size of the labelled output `stem`, as much at both ends; where
    that is an odd number, one more at the end.
    """
    if mode != "constant" and value:
        raise Refusal(text("`value` {value:g} is not used by `mode={mode}`", value=value, mode=mode), "value")
    if like is not None:
        return _pad_like(x, padding, mode, value, like)
    if padding is None:
        raise Refusal(
            "`pad` needs a `padding`, or a label whose size it takes", help="write `pad 2` or `pad like=stem`"
        )
    ends = _ends(padding, len(x) - 1)
    out = tuple(one + before + after for one, (before, after) in zip(x[1:], ends, strict=True))
    return Result(
        (x[0], *out),
        _pad_call(padding if isinstance(padding, int) else tuple(padding), mode, value, len(ends)),
        formula=distinct(map(_padding, x[1:], ends, out)),
        requires=tuple(wanted for one, end in zip(x[1:], ends, strict=True) for wanted in _can_pad(one, end, mode)),
    )


@layer("shape", accepts=LAYOUTS, assumes="CHW", takes="any", example="crop 24", traits={"affine", "view"})
def crop(
    x: Shape, size: Size | None = None, offset: Size | None = None, *, like: LabelledOutput | None = None
) -> Result:
    """Cuts a window of the given size out of each channel: from the middle, or from `offset` on.

    Where an odd number of elements is left over, the larger part stays after the window. `like=stem` takes the size of
    the labelled output `stem`, from the middle.
    """
    axes = len(x) - 1
    if like is not None:
        if size is not None or offset is not None:
            raise Refusal("`like` says the size already, and takes it from the middle: `crop` needs no other", "like")
        larger = "`crop` cannot cut {wanted} out of {size}"
        wanted = _sizes_like(x, like)
        enough = (
            Requirement(one, ">=", end, text(larger, wanted=end, size=one), "like")
            for one, end in zip(x[1:], wanted, strict=True)
        )
        return Result((x[0], *wanted), call("netdsl.modules:CropLike"), requires=tuple(enough))
    if size is None:
        raise Refusal(
            "`crop` needs a `size`, or a label whose size it takes", help="write `crop 24` or `crop like=stem`"
        )
    window = sizes(size, axes, "size")
    # The middle is found in `forward`, where a size in symbols is a number.
    start = None if offset is None else sizes(offset, axes, "offset", least=0)
    ends = window if start is None else tuple(map(sum, zip(start, window, strict=True)))
    template = "`crop` reaches to {end} but the axis ends at {size}"
    fits = (
        Requirement(one, ">=", end, text(template, end=end, size=one), "size")
        for one, end in zip(x[1:], ends, strict=True)
    )
    return Result((x[0], *window), call("netdsl.modules:Crop", size=window, offset=start), requires=tuple(fits))


def _sizes_like(x: Shape, like: Shape) -> Shape:
    """The spatial sizes of a labelled output that has as many dimensions as the input."""
    if len(like) != len(x):
        template = "`like` is {like}, which has another number of dimensions than the input, {shape}"
        raise Refusal(text(template, like=format_shape(like), shape=format_shape(x)), "like")
    return like[1:]


def _pad_like(x: Shape, padding: Size | None, mode: str, value: float, like: Shape) -> Result:
    if padding is not None:
        raise Refusal("`like` says how much already: `pad` needs no `padding`", "like")
    if mode in ("reflect", "circular"):
        # How much may be mirrored depends on the size, which `like` leaves open.
        raise Refusal(text("`mode={mode}` needs a `padding` in numbers, not `like`", mode=mode), "mode")
    wanted = _sizes_like(x, like)
    smaller = "`pad` cannot bring {size} to {wanted}, which is smaller"
    enough = (
        Requirement(end, ">=", one, text(smaller, wanted=end, size=one), "like")
        for one, end in zip(x[1:], wanted, strict=True)
    )
    return Result((x[0], *wanted), call("netdsl.modules:PadLike", mode=mode, value=value), requires=tuple(enough))


def _check_upsample(
    x: Shape, scale_factor: Factor | None, size: Size | None, mode: Mode, corners: bool | None, recompute: bool | None
) -> None:
    """Refuses arguments that contradict each other."""
    if (scale_factor is None) == (size is None):
        neither = "`upsample` needs either `scale_factor` or `size` but has neither"
        both = "`upsample` needs either `scale_factor` or `size` but has both"
        advice = "write one of them by name: `scale_factor=2`, or `size=16x16`"
        raise Refusal(neither if size is None else both, help=advice)
    if recompute and size is not None:
        raise Refusal("`recompute_scale_factor` has no meaning with a `size`", "recompute_scale_factor")
    if corners is not None and mode not in BLENDING:
        raise Refusal(text("`align_corners` has no meaning with `mode={mode}`", mode=mode), "align_corners")
    layout = BLENDING.get(mode)
    if layout and len(layout) != len(x):
        template = "`mode={mode}` is for {layout} but the input is {shape}"
        message = text(template, mode=mode, layout=one_of((layout,)), shape=format_shape(x))
        fitting = next((name for name, other in BLENDING.items() if len(other) == len(x)), None)
        raise Refusal(message, "mode", instead=fitting, safe=True)


def _factors(factor: Factor | None, axes: int) -> tuple[float, ...]:
    given = (factor,) * axes if isinstance(factor, (int, float)) else factor or ()
    if len(given) != axes:
        raise Refusal(
            text(
                "`scale_factor` has {count} numbers but the input has {axes} spatial axes", count=len(given), axes=axes
            ),
            "scale_factor",
        )
    if not all(one > 0 for one in given):
        raise Refusal("`scale_factor` must be above 0", "scale_factor")
    return given


def _scale(size: Dim, factor: float) -> Dim:
    """⌊size·factor⌋, rounded as the float product is."""
    if isinstance(size, int):
        # torch multiplies in floating point too: an exact product could differ from it by one.
        return int(size * factor)
    numerator, denominator = factor.as_integer_ratio()
    if isinstance(size, Expr) and numerator.bit_length() > EXACT_BITS:
        message = text(
            "`scale_factor` {factor} needs a fixed size: times {size} it would be rounded", factor=factor, size=size
        )
        raise Undetermined(message, "scale_factor", help="scale by a whole number, or by halves, quarters, …")
    return size * numerator // denominator


def _scaling(size: Dim, factor: float, out: Dim) -> str:
    if factor == int(factor):
        return f"{size}·{int(factor)} = {out}"
    return f"⌊{size}·{factor}⌋ = {out}"


def _ends(padding: Size, axes: int) -> list[tuple[int, int]]:
    """What is put before and after each axis, from the first axis to the last."""
    given = (padding,) * 2 * axes if isinstance(padding, int) else padding
    if len(given) != 2 * axes:
        message = text(
            "`padding` has {count} numbers but {axes} axes need one, or {twice}: two for each, last axis first",
            count=len(given),
            axes=axes,
            twice=2 * axes,
        )
        raise Refusal(message, "padding")
    # torch lists the last axis first.
    return list(zip(given[::2], given[1::2], strict=True))[::-1]


def _pad_call(padding: int | Sequence[int], mode: str, value: float, axes: int) -> Call:
    stems = {
        "constant": "ConstantPad",
        "reflect": "ReflectionPad",
        "replicate": "ReplicationPad",
        "circular": "CircularPad",
    }
    # torch has a class of its own for zeros, as people write it.
    if mode == "constant" and not value:
        return call(f"torch.nn:ZeroPad{axes}d", padding=padding)
    arguments: dict[str, Any] = {"padding": padding} | ({"value": value} if mode == "constant" else {})
    return call(f"torch.nn:{stems[mode]}{axes}d", **arguments)


def _padding(size: Dim, ends: tuple[int, int], out: Dim) -> str:
    before, after = ends
    added = f"2·{before}" if before == after else f"{before} + {after}"
    return f"{size} + {added} = {out}".replace("+ -", "− ")


def _can_pad(size: Dim, ends: tuple[int, int], mode: str) -> tuple[Requirement, ...]:
    """That there are enough elements to mirror or to wrap, and that some are left."""
    # torch wraps what is left after the cut, so that a negative end counts before the padding.
    kept = size + sum(min(end, 0) for end in ends)
    left = text("`padding` {least} leaves nothing of {size} elements", least=min(ends), size=size)
    some = Requirement(size + sum(ends), ">=", 1, left, "padding")
    message = text("`mode={mode}` cannot pad {size} elements by {most}", mode=mode, size=size, most=max(ends))
    source = {
        "constant": (Requirement(kept, ">=", 0, left, "padding"),),
        "reflect": (Requirement(size, ">=", max(ends) + 1, message, "padding"),),
        "replicate": (),
        "circular": (Requirement(kept, ">=", max(*ends, 0), message, "padding"),),
    }
    return (some, *source[mode])
