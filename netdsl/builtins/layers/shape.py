"""Layers that only move numbers around: the same numbers, in another shape or order."""

from __future__ import annotations

from math import prod

from netdsl.builtins.layers.checks import at_least_rank, axis, batched, distinct_axes, multiple
from netdsl.components import Refusal, Requirement, Result, Size, call, layer
from netdsl.core.ranges import AtLeast, Count
from netdsl.core.sizes import Dim, Shape, Unknown, format_shape, product
from netdsl.core.text import text


@layer(
    "shape",
    takes="any",
    formula="the product of the sizes",
    example="flatten",
    traits={"affine", "flattens", "passes_through", "view"},
)
def flatten(x: Shape, start_dim: int = 0, end_dim: int = -1) -> Result:
    """Joins dimensions into one, from `start_dim` to `end_dim`: by default all of them.

    It stands between feature maps and the first `linear`: C×H×W becomes C·H·W features.
    """
    first, last = axis(start_dim, x, "start_dim"), axis(end_dim, x, "end_dim")
    if first > last:
        raise Refusal(
            text("`start_dim` {start_dim} comes after `end_dim` {end_dim}", start_dim=start_dim, end_dim=end_dim),
            "start_dim",
        )
    joined = x[first : last + 1]
    size = product(joined)
    return Result(
        (*x[:first], size, *x[last + 1 :]),
        call("torch.nn:Flatten", start_dim=batched(start_dim), end_dim=batched(end_dim)),
        formula=(f"{_times(joined)} = {size}",) if len(joined) > 1 else (),
    )


@layer(
    "shape",
    takes="any",
    aliases={"sizes": "unflattened_size"},
    example="unflatten 0 64x4x4",
    traits={"affine", "passes_through", "view"},
)
def unflatten(x: Shape, dim: int, unflattened_size: Size) -> Result:
    """Cuts one dimension into several, whose product it is: the inverse of `flatten`.

    One of the sizes may be -1: it is what the others leave.
    """
    at = axis(dim, x)
    sizes = _sizes(unflattened_size, "unflattened_size")
    cut, requires = _solve(sizes, x[at], "unflattened_size")
    return Result(
        (*x[:at], *cut, *x[at + 1 :]),
        call("torch.nn:Unflatten", dim=batched(dim), unflattened_size=sizes),
        formula=_solution(sizes, x[at], cut),
        requires=requires,
    )


@layer("shape", takes="any", example="reshape 16x-1", traits={"affine", "passes_through", "view"})
def reshape(x: Shape, sizes: Size) -> Result:
    """Gives the numbers of a sample another shape, in the order in which they stand.

    One of the sizes may be -1: it is what the others leave. To bring dimensions into another order, use `permute`.
    """
    wanted = _sizes(sizes, "sizes")
    out, requires = _solve(wanted, product(x), "sizes")
    formula = _solution(wanted, product(x), out)
    return Result(out, call("netdsl.modules:Reshape", sizes=wanted), formula=formula, requires=requires)


@layer("shape", takes="any", example="permute 1,2,0", traits={"affine", "view"})
def permute(x: Shape, dims: Size) -> Result:
    """Brings the dimensions into another order: `permute 1,2,0` makes H×W×C of C×H×W."""
    given = (dims,) if isinstance(dims, int) else dims
    # Only torch's way of counting gives a permutation of one more dimension that leaves the batch first.
    if given[0] == 0 and set(given) == set(range(len(x) + 1)) and len(given) == len(x) + 1:
        counted = tuple(dim - 1 for dim in given[1:])
        message = "`dims` begins with the batch, which is not counted here"
        raise Refusal(message, "dims", instead=counted, safe=True)
    order = [axis(dim, x, "dims", is_one_of_several=True) for dim in given]
    if sorted(order) != list(range(len(x))):
        raise Refusal(
            text("`dims` must name each of the {rank} dimensions of {shape} once", rank=len(x), shape=format_shape(x)),
            "dims",
        )
    out = tuple(x[dim] for dim in order)
    return Result(out, call("netdsl.modules:Permute", dims=(0, *(dim + 1 for dim in order))))


@layer("shape", takes="any", example="transpose", traits={"affine", "view"})
def transpose(x: Shape, dim0: int = -2, dim1: int = -1) -> Result:
    """Swaps two dimensions, by default the last two: a signal C×L becomes a sequence T×F."""
    first, second = axis(dim0, x, "dim0"), axis(dim1, x, "dim1")
    out = list(x)
    out[first], out[second] = x[second], x[first]
    return Result(tuple(out), call("netdsl.modules:Transpose", dim0=batched(dim0), dim1=batched(dim1)))


@layer("shape", takes="any", example="select 0", traits={"affine", "view"})
def select(x: Shape, index: int, dim: int = 0) -> Result:
    """Picks one index of a dimension, which disappears: `select 0` takes the class token of T×F.

    A negative index counts from the end.
    """
    at = axis(dim, x)
    least = index + 1 if index >= 0 else -index
    enough = Requirement(
        x[at],
        ">=",
        least,
        text("`index` {index} is outside the {size} of dimension {dim}", index=index, size=x[at], dim=dim),
        "index",
    )
    chosen = call("netdsl.modules:Select", dim=batched(dim), index=index)
    return Result((*x[:at], *x[at + 1 :]), chosen, requires=(enough,))


@layer("shape", takes="any", example="squeeze 1,2", traits={"affine", "passes_through", "view"})
def squeeze(x: Shape, dim: int | tuple[int, ...]) -> Result:
    """Drops dimensions of size 1: `gap; squeeze 1,2` leaves the channels C of C×1×1."""
    given = (dim,) if isinstance(dim, int) else dim
    axes = distinct_axes(given, x)
    ones = tuple(
        Requirement(x[at], "==", 1, text("`dim` {dim} has size {size}, not 1", dim=one, size=x[at]), "dim")
        for one, at in zip(given, axes, strict=True)
    )
    out = tuple(size for at, size in enumerate(x) if at not in axes)
    dims = batched(dim) if isinstance(dim, int) else tuple(map(batched, dim))
    return Result(out, call("netdsl.modules:Squeeze", dim=dims), requires=ones)


@layer("shape", takes="any", formula="⌈(end − start)/step⌉", example="slice 0 16", traits={"affine", "view"})
def slice(x: Shape, start: int, end: int | None = None, dim: int = 0, step: Count = 1) -> Result:  # noqa: A001
    """Takes a stretch of a dimension, as Python's `x[start:end:step]` does: `slice 0 16` takes the first 16 channels.

    Negative numbers count from the end, and without `end` it goes up to there. A stretch that reaches too far is a
    mistake, where Python would shorten it.
    """
    at = axis(dim, x)
    size = x[at]
    first = start if start >= 0 else size + start
    last = size if end is None else end if end >= 0 else size + end
    length = last - first
    # Each end by itself: a negative one before the beginning would silently be the beginning.
    reach = "`{parameter}` {place} is outside the {size} of dimension {dim}"
    ends = [("start", start), *([] if end is None else [("end", end)])]
    inside = [
        Requirement(size, ">=", abs(place), text(reach, parameter=name, place=place, size=size, dim=dim), name)
        for name, place in ends
    ]
    some = Requirement(length, ">=", 1, text("nothing is left between {first} and {last}", first=first, last=last))
    taken = (length + step - 1) // step
    module = call("netdsl.modules:Slice", start=start, end=end, step=step, dim=batched(dim))
    return Result((*x[:at], taken, *x[at + 1 :]), module, requires=(*inside, some))


@layer("shape", takes="any", example="roll -3,-3 0,1", traits={"affine"})
def roll(x: Shape, shifts: int | tuple[int, ...], dims: int | tuple[int, ...] = 0) -> Result:
    """Shifts the numbers along dimensions; what leaves at one end comes in at the other.

    `shifts` has a number for each of `dims`. Windows of a shifted image join parts that were apart before
    (Liu et al., "Swin Transformer", 2021).
    """
    moved, given = (one if isinstance(one, tuple) else (one,) for one in (shifts, dims))
    if len(moved) != len(given):
        raise Refusal(
            text("`shifts` has {count} numbers for {dims} dimensions", count=len(moved), dims=len(given)), "shifts"
        )
    for one in given:
        axis(one, x, "dims", is_one_of_several=len(given) > 1)
    counted = batched(dims) if isinstance(dims, int) else tuple(map(batched, dims))
    return Result(x, call("netdsl.modules:Roll", shifts=shifts, dims=counted))


@layer("shape", shorts={"g": "groups"}, takes="any", example="channelshuffle 4", traits={"affine"})
def channelshuffle(x: Shape, groups: Count) -> Result:
    """Spreads the channels of each group over all groups, so that the next grouped convolution sees them all.

    `groups` must divide the channels (Zhang et al., "ShuffleNet", 2017).
    """
    at_least_rank(2, x, "channelshuffle", "channels and at least one axis")
    uneven = text("`groups` is {groups}, which does not divide the {channels} channels", groups=groups, channels=x[0])
    shuffled = call("torch.nn:ChannelShuffle", groups=groups)
    return Result(x, shuffled, requires=(multiple(x[0], groups, uneven, "groups"),))


@layer(
    "shape",
    accepts=("CHW",),
    assumes="CHW",
    takes="any",
    formula="C/r² x H·r x W·r",
    example="pixelshuffle 2",
    traits={"affine"},
)
def pixelshuffle(x: Shape, upscale_factor: Count) -> Result:
    """Makes an image `upscale_factor` r times larger out of r² times fewer channels.

    A convolution before it computes the new pixels as channels (Shi et al., 2016). r² must divide the channels.
    """
    factor, square = upscale_factor, upscale_factor**2
    channels, height, width = x
    uneven = text(
        "`upscale_factor` is {factor}, whose square {square} does not divide the {channels} channels",
        factor=factor,
        square=square,
        channels=channels,
    )
    return Result(
        (channels // square, height * factor, width * factor),
        call("torch.nn:PixelShuffle", upscale_factor=factor),
        formula=(f"{channels}/{square} = {channels // square}", *_scaled((height, width), factor)),
        requires=(multiple(channels, square, uneven, "upscale_factor"),),
    )


@layer(
    "shape",
    accepts=("CHW",),
    assumes="CHW",
    takes="any",
    formula="C·r² x H/r x W/r",
    example="pixelunshuffle 2",
    traits={"affine"},
)
def pixelunshuffle(x: Shape, downscale_factor: Count) -> Result:
    """Makes an image `downscale_factor` r times smaller; its pixels become r² times more channels.

    The inverse of `pixelshuffle`. r must divide the height and the width.
    """
    factor, square = downscale_factor, downscale_factor**2
    channels, *spatial = x
    uneven = "`downscale_factor` is {factor}, which does not divide {size}"
    return Result(
        (channels * square, *(size // factor for size in spatial)),
        call("torch.nn:PixelUnshuffle", downscale_factor=factor),
        formula=(f"{channels}·{square} = {channels * square}", *(f"{s}/{factor} = {s // factor}" for s in spatial)),
        requires=tuple(
            multiple(size, factor, text(uneven, factor=factor, size=size), "downscale_factor") for size in spatial
        ),
    )


def _times(sizes: Shape) -> str:
    # A sum inside the product needs its brackets.
    return "·".join(str(size) if isinstance(size, (int, Unknown)) else f"({size})" for size in sizes)


def _scaled(sizes: Shape, factor: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{size}·{factor} = {size * factor}" for size in sizes))


def _sizes(given: Size, at: str) -> tuple[int, ...]:
    """The sizes that are asked for; refuses those that are neither at least 1 nor the one -1."""
    sizes = (given,) if isinstance(given, int) else given
    if sizes.count(-1) > 1:
        raise Refusal(text("only one size of `{at}` may be -1", at=at), at)
    # The -1 would fail the check that all others must pass.
    AtLeast(1).check(at, tuple(size for size in sizes if size != -1))
    return sizes


def _solve(sizes: tuple[int, ...], total: Dim, at: str) -> tuple[Shape, tuple[Requirement, ...]]:
    """The sizes with the -1 among them found, and that their product is the total."""
    known = prod(size for size in sizes if size != -1)
    out = tuple(total // known if size == -1 else size for size in sizes)
    message = text("`{at}` {sizes} does not hold {total} numbers", at=at, sizes=format_shape(sizes), total=total)
    return out, (Requirement(total, "==", product(out), message, at),)


def _solution(sizes: tuple[int, ...], total: Dim, out: Shape) -> tuple[str, ...]:
    """`1024/(64·4) = 4`: how the -1 comes about."""
    known = tuple(size for size in sizes if size != -1)
    if -1 not in sizes or not known:
        return ()
    divisor = str(known[0]) if len(known) == 1 else f"({_times(known)})"
    return (f"{total}/{divisor} = {out[sizes.index(-1)]}",)
