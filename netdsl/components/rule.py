"""What a layer's rule is given, what it returns and how it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from netdsl.core.errors import Refusal
from netdsl.core.sizes import Dim, Shape, Unknown
from netdsl.core.text import LateText, join_or, text

Size = int | tuple[int, ...]
"""One number for every spatial axis, or one for each: `k3`, `k3x5`."""

INFERRED: Final[Any] = None
"""The default of a parameter that the checker fills in from the input's shape."""

Dtype = Literal["float", "index", "any"]


class Call(NamedTuple):
    """A constructor call as data: `torch.nn:Conv2d` and its keyword arguments."""

    target: str
    arguments: Mapping[str, Any]

    @property
    def dotted(self) -> str:
        """`torch.nn.Conv2d`."""
        return self.target.replace(":", ".")


def call(target: str, /, **arguments: Any) -> Call:
    """`call("torch.nn:Linear", in_features=8, out_features=2)`."""
    return Call(target, arguments)


class Requirement(NamedTuple):
    """Something that must hold of the input's sizes: checked at once for integers, solved for symbols.

    `left` and `right` are dimensions; `parameter` names the one that the message should point at.
    """

    left: Dim
    relation: Literal[">=", "=="]
    right: Dim
    message: LateText
    parameter: str | None = None


class Result(NamedTuple):
    """What a layer makes of its input.

    Args:
        out: the shape of one sample's output, without the batch.
        call: the module that does it.
        params: how many numbers the module learns.
        macs: multiplications that are followed by an addition, for one sample, of the weights with the input.
        formula: the size arithmetic with its numbers in it, one line an axis: `(32 + 2·2 − 5)/1 + 1 = 32`.
        requires: what must hold of the sizes for torch to accept the input.
        extra: bodies that the rule asks the checker to write in the author's stead, as text by parameter.
    """

    out: Shape
    call: Call
    params: int = 0
    macs: Dim = 0
    formula: Sequence[str] = ()
    requires: tuple[Requirement, ...] = ()
    extra: Mapping[str, str] = MappingProxyType({})  # one object serves all results, so that it must not change


def per_axis(size: Size, axes: int, at: str) -> tuple[int, ...]:
    """A size for each of the axes: 3 -> (3, 3); (3, 5) stays; another length is refused."""
    if isinstance(size, int):
        return (size,) * axes
    if len(size) != axes:
        given = "x".join(map(str, size))
        raise Refusal(
            text(
                "`{parameter}` {given} has {sizes} sizes but the input has {axes} spatial axes",
                parameter=at,
                given=given,
                sizes=len(size),
                axes=axes,
            ),
            at,
        )
    return size


def divisible(size: Dim, divisor: int) -> bool:
    """Whether a size is a multiple of the divisor; an unknown size is given the benefit of the doubt."""
    return isinstance(size, Unknown) or (isinstance(size, int) and size % divisor == 0)


def one_of(layouts: tuple[str, ...]) -> str:
    """`C×L, C×H×W or C×D×H×W`."""
    return join_or("×".join(layout) for layout in layouts)
