"""Layers on windows of an image H×W×F, whose features come last as those of a sequence do."""

from __future__ import annotations

from math import isqrt
from typing import Annotated

from netdsl.builtins.layers.checks import check_heads, multiple
from netdsl.components import (
    INFERRED,
    LabelledOutput,
    Refusal,
    Requirement,
    Result,
    Size,
    Undetermined,
    call,
    layer,
    per_axis,
)
from netdsl.core.ranges import AtLeast, Count, Share
from netdsl.core.sizes import Dim, Shape, Unknown, ceil_div, format_shape
from netdsl.core.text import text

LAYOUTS = ("HWF",)
AXES = 2

Window = Annotated[Size, AtLeast(1)]
MaybeWindow = Annotated[Size | None, AtLeast(1)]
Shift = Annotated[Size, AtLeast(0)]


@layer("shape", accepts=LAYOUTS, takes="any", example="windows 7", traits={"affine"})
def windows(x: Shape, window: Window) -> Result:
    """Cuts an image with features last into windows, row by row: H×W×F becomes (H/h·W/w)×(h·w)×F.

    `permute 1,2,0` brings C×H×W into that order. The windows must divide the image. `unwindows` puts them back;
    `windowattention` does both by itself.
    """
    sizes = per_axis(window, AXES, "window")
    requires = _whole(x[:AXES], sizes, "windows")
    count = _count(x[:AXES], sizes)
    out = (count, sizes[0] * sizes[1], x[2])
    formula = (f"{x[0]}/{sizes[0]} · {x[1]}/{sizes[1]} = {count}",)
    return Result(out, call("netdsl.modules:Windows", window=sizes), formula=formula, requires=requires)


@layer("shape", accepts=("NTF",), takes="any", example="unwindows 56x56", traits={"affine"})
def unwindows(
    x: Shape, size: MaybeWindow = None, window: MaybeWindow = None, *, like: LabelledOutput | None = None
) -> Result:
    """Puts the windows of an image together again, as `windows` has cut them: N×T×F becomes H×W×F.

    `size` is that of the image, H×W; `like=NAME` takes it from a labelled output H×W×F, whatever size that has.
    Windows that are not square need their own size: `window=7x14`.
    """
    sizes = _square(x[1]) if window is None else per_axis(window, AXES, "window")
    if (size is None) == (like is None):
        message = text("`unwindows` needs the size of the image: `size=56x56`, or `like=NAME`")
        raise Refusal(message, None if size is None else "size")
    if like is None:
        assert size is not None  # one of them is given
        whole: Shape = per_axis(size, AXES, "size")
    elif len(like) != len("HWF"):
        raise Refusal(text("`like` names {shape}, which is no image H×W×F", shape=format_shape(like)), "like")
    else:
        whole = like[:AXES]
    at = "size" if like is None else "like"
    found, count = format_shape(x), _count(whole, sizes)
    message = text(
        "an image of {size} has {count} windows of {window}, but {found} comes in",
        size=format_shape(whole), count=count, window=format_shape(sizes), found=found,
    )  # fmt: skip
    requires = (
        *_whole(whole, sizes, "unwindows", at),
        Requirement(x[1], "==", sizes[0] * sizes[1], message, at),
        Requirement(x[0], "==", count, message, at),
    )
    if like is None:
        module = call("netdsl.modules:Unwindows", window=sizes, size=whole)
    else:
        module = call("netdsl.modules:UnwindowsLike", window=sizes)
    return Result((*whole, x[2]), module, requires=requires)


@layer(
    "sequence",
    stated={"embed_dim": -1},
    aliases={"heads": "num_heads"},
    accepts=LAYOUTS,
    example="windowattention 3 window=7 shift=3",
)
def windowattention(
    x: Shape,
    num_heads: Count,
    window: Window = 7,
    shift: Shift = 0,
    bias: bool = True,
    dropout: Share = 0.0,
    *,
    embed_dim: int = INFERRED,
) -> Result:
    """Lets every place of an image look at the others of its window and gather what fits: H×W×F stays H×W×F.

    `permute 1,2,0` brings C×H×W into that order. Each head learns a bias for every distance within a window. `shift`
    moves the windows, so that two such layers in a row carry what they have found from window to window; half a window
    is usual. An image that is no whole number of windows is filled up with zeros (Liu et al., "Swin Transformer",
    2021).
    """
    sizes, shifts = per_axis(window, AXES, "window"), per_axis(shift, AXES, "shift")
    if any(one >= size for one, size in zip(shifts, sizes, strict=True)):
        template = "`shift` must be smaller than the window, but is {shift} for a window of {window}"
        raise Refusal(text(template, shift=format_shape(shifts), window=format_shape(sizes)), "shift")
    check_heads(num_heads, embed_dim, "num_heads")
    distances = (2 * sizes[0] - 1) * (2 * sizes[1] - 1)
    # Those that it is filled up with are places too.
    area = sizes[0] * sizes[1]
    places = area * ceil_div(x[0], sizes[0]) * ceil_div(x[1], sizes[1])
    module = call(
        "netdsl.modules:WindowAttention",
        embed_dim=embed_dim, num_heads=num_heads, window=sizes, shift=shifts, bias=bias, dropout=dropout,
    )  # fmt: skip
    return Result(
        x,
        module,
        params=4 * embed_dim * (embed_dim + bias) + distances * num_heads,
        macs=4 * places * embed_dim * embed_dim + 2 * places * area * embed_dim,
    )


def _square(places: Dim) -> tuple[int, int]:
    """The sides of a square window of so many places."""
    # An unknown size comes from an error that is reported already.
    if isinstance(places, Unknown):
        return (1, 1)
    if not isinstance(places, int):
        raise Undetermined(
            text("`unwindows` needs to know how many places a window has, but receives {size}", size=places)
        )
    side = isqrt(places)
    if side * side != places:
        template = "`unwindows` needs the size of a window: {places} places do not make a square"
        raise Refusal(text(template, places=places), help="write it: `window=7x14`")
    return side, side


def _whole(image: Shape, window: tuple[int, ...], name: str, at: str | None = "window") -> tuple[Requirement, ...]:
    """That an image is a whole number of windows."""
    template = "`{layer}` needs whole windows, and {window} does not divide {image}"
    message = text(template, layer=name, window=format_shape(window), image=format_shape(image))
    return tuple(multiple(size, part, message, at) for size, part in zip(image, window, strict=True))


def _count(image: Shape, window: tuple[int, ...]) -> Dim:
    return (image[0] // window[0]) * (image[1] // window[1])
