"""What rules check alike: which axis a `dim` means, how many axes there are, sizes that must divide."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.components import Refusal, Requirement, divisible
from netdsl.core.sizes import Dim, Shape, format_shape
from netdsl.core.text import text


def axis(dim: int, x: Shape, at: str = "dim", *, is_one_of_several: bool = False) -> int:
    """The axis of a sample that a `dim` means, from 0; refuses one that the sample does not have."""
    if not -len(x) <= dim < len(x):
        template = "`{parameter}` is {dim}, which an input of {shape} does not have"
        advice, instead = None, None
        # Smaller numbers are valid both here and in torch, so that only this one betrays torch's way of counting.
        if dim == len(x) > 0:
            template = "`{parameter}` is {dim}, which an input of {shape} does not have: the batch is not counted"
            counted = "torch's `{parameter}={dim}` is `{parameter}={here}` here"
            advice = text(counted, parameter=at, dim=dim, here=dim - 1)
            # A fix replaces the whole argument, which may hold other dimensions beside this one.
            instead = None if is_one_of_several else dim - 1
        shape = format_shape(x) or text("one number")
        message = text(template, parameter=at, dim=dim, shape=shape)
        raise Refusal(message, at, advice, instead=instead, safe=True)
    return dim % len(x)


def distinct_axes(dims: Sequence[int], x: Shape, at: str = "dim") -> tuple[int, ...]:
    """The axes that several `dim` mean; refuses none, and one that is named twice."""
    axes = tuple(axis(one, x, at, is_one_of_several=len(dims) > 1) for one in dims)
    if not axes or len(set(axes)) < len(axes):
        raise Refusal(text("`{parameter}` must name at least one dimension, and none twice", parameter=at), at)
    return axes


def batched(dim: int) -> int:
    """The same `dim` as torch counts it, with the batch before the sample's dimensions."""
    return dim + 1 if dim >= 0 else dim


def at_least_rank(rank: int, x: Shape, name: str, needs: str) -> None:
    """Refuses a sample with too few dimensions."""
    if len(x) < rank:
        template = "`{layer}` expects {needs} but receives {shape}"
        raise Refusal(text(template, layer=name, needs=needs, shape=format_shape(x) or text("one number")))


def multiple(size: Dim, divisor: int, message: str, at: str | None = None) -> Requirement:
    """That a size is a multiple of a number."""
    return Requirement(size, "==", divisor * (size // divisor), message, at)


def check_heads(heads: int, features: int, at: str) -> None:
    """Refuses a number of heads that does not divide the features."""
    if not divisible(features, heads):
        raise Refusal(
            text("`{at}` {heads} does not divide the {features} features", at=at, heads=heads, features=features), at
        )
