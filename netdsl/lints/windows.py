"""Windows that do not reach the end of their input."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.sizes import format_shape
from netdsl.lints.program import Place, Program

UNSEEN_EDGE = Code(
    "NET909",
    title="rows or columns that no window sees",
    meaning=(
        "The window's last step would take it over the edge, so that what remains at the end of the input is "
        "ignored: the last row and column of 7x7, with windows of 2. Choose a size that divides, pad, or let a "
        "pool keep the rest with `ceil_mode`."
    ),
    example="input 16x7x7\nmaxpool 2",
    instead="input 16x7x7\nmaxpool 2 ceil_mode",
)


SLIDING = (
    "torch.nn:AvgPool",
    "torch.nn:Conv",
    "torch.nn:LPPool",
    "torch.nn:MaxPool",
)
AXES = {1: ("step",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def left_over(program: Program) -> Iterator[Diagnostic]:
    """NET909: rows or columns at the end that no window sees."""
    for place in program.somewhere(lambda place: any(_lost(place))):
        node = place.node
        message = f"`{node.name}` never sees the last {_words(_lost(place))} of {format_shape(node.input)}"
        yield Diagnostic(UNSEEN_EDGE, message, node.span, help=_advice(place))


def _lost(place: Place) -> list[int]:
    """How many elements of each axis no window sees."""
    if place.target not in SLIDING:
        return []
    return [_unseen(place, axis) for axis in range(1, len(place.node.input))]


def _unseen(place: Place, axis: int) -> int:
    """How many elements at the end of an axis are left out, beyond those that the stride skips everywhere."""
    size, places = place.node.input[axis], place.node.out[axis]
    if not isinstance(size, int) or not isinstance(places, int) or place.argument("ceil_mode", False):
        return 0
    stride, padding = _along(place, "stride", axis), _along(place, "padding", axis)
    extent = _along(place, "dilation", axis) * (_along(place, "kernel_size", axis) - 1) + 1
    end = (places - 1) * stride + extent - padding
    return max(0, size - end - max(0, stride - extent))


def _along(place: Place, name: str, axis: int) -> int:
    """An argument for one axis. A pool without dilation has 1, `same` never leaves anything out."""
    value = place.argument(name, 1 if name == "dilation" else 0)
    if isinstance(value, str):
        return 0
    size: int = value[axis - 1] if isinstance(value, tuple) else value
    return size


def _words(lost: list[int]) -> str:
    """`row and column`, `2 rows and 2 columns`."""
    names = AXES[len(lost)]
    counted = [name if count == 1 else f"{count} {name}s" for name, count in zip(names, lost, strict=True) if count]
    return " and ".join(counted)


def _advice(place: Place) -> str:
    if "ceil_mode" in place.node.call.arguments:
        return "write `ceil_mode` to keep what remains, or choose sizes that divide"
    return "pad it, or choose sizes that divide"
