"""NET909: rows or columns at the end that no window sees."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.sizes import format_shape
from netdsl.core.text import join_and, ntext, text
from netdsl.lints.lint import lint
from netdsl.lints.program import PlacedLayer, Program

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

AXES = {1: ("step",), 2: ("row", "column"), 3: ("slice", "row", "column")}
COUNTED = {
    "step": lambda count: ntext("last step", "last {count} steps", count=count),
    "row": lambda count: ntext("last row", "last {count} rows", count=count),
    "column": lambda count: ntext("last column", "last {count} columns", count=count),
    "slice": lambda count: ntext("last slice", "last {count} slices", count=count),
}
"""How many of an axis's elements, in words: one of them needs no number."""


@lint(UNSEEN_EDGE)
def find_unseen_edge(program: Program) -> Iterator[Diagnostic]:
    """Warns of a convolution or a pool whose windows do not reach the end of its input."""
    for place in program.somewhere(lambda place: any(_count_unseen(place))):
        message = text(
            "`{layer}` never sees the {unseen} of {shape}",
            layer=place.node.name,
            unseen=_words(_count_unseen(place)),
            shape=format_shape(place.node.input),
        )
        has_ceil_mode = place.node.layer is not None and "ceil_mode" in place.node.layer.parameters
        advice = "pad it, or choose sizes that divide"
        if has_ceil_mode:
            advice = "write `ceil_mode` to keep what remains, or choose sizes that divide"
        yield Diagnostic(UNSEEN_EDGE, message, place.node.span, help=advice)


def _count_unseen(place: PlacedLayer) -> list[int]:
    """How many elements of each axis no window sees."""
    # There a window hangs over the end, so that nothing is left.
    if Trait.WINDOW not in place.traits or place.argument("ceil_mode", False):
        return []
    return [_unseen(place, axis) for axis in range(1, len(place.node.input))]


def _unseen(place: PlacedLayer, axis: int) -> int:
    """How many elements at the end of an axis are left out, beyond those that the stride skips everywhere."""
    size, places = place.node.input[axis], place.node.out[axis]
    padding = place.argument("padding", 0)
    if not isinstance(size, int) or not isinstance(places, int) or padding == "same":
        return 0
    kernel = place.argument("kernel_size")
    stride = place.argument("stride")
    step = _along(kernel if stride is None else stride, axis)  # a pool moves on by its own size unless told otherwise
    extent = _along(place.argument("dilation", 1), axis) * (_along(kernel, axis) - 1) + 1
    end = (places - 1) * step + extent - (0 if padding == "valid" else _along(padding, axis))
    return max(0, size - end - max(0, step - extent))


def _along(value: int | tuple[int, ...], axis: int) -> int:
    """An argument for one axis."""
    return value[axis - 1] if isinstance(value, tuple) else value


def _words(lost: list[int]) -> str:
    """`row and column`, `2 rows and 2 columns`."""
    return join_and(COUNTED[axis](count) for axis, count in zip(AXES[len(lost)], lost, strict=True) if count)
