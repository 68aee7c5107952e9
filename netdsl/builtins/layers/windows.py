"""The arithmetic of windows that slide over an input, which convolutions and pools share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

from netdsl.components import Requirement, Size, per_axis
from netdsl.core.ranges import AtLeast
from netdsl.core.records import record
from netdsl.core.sizes import Dim, Shape, Unknown
from netdsl.core.text import text

LAYOUTS = ("CL", "CHW", "CDHW")
"""What a window slides over: channels, then one, two or three axes."""

SHORTS = {"k": "kernel_size", "s": "stride", "p": "padding", "d": "dilation"}

Padding = Size | Literal["same", "valid"]


class Window(NamedTuple):
    """A window along one axis: `kernel` elements, `dilation` apart, that moves by `stride`.

    `before` and `after` are the elements of padding at the two ends.
    """

    kernel: int
    stride: int
    before: int
    after: int
    dilation: int

    @property
    def extent(self) -> int:
        """The elements from its first to its last."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def slack(self) -> int:
        """The padding at both ends less the extent."""
        return self.before + self.after - self.extent

    def positions(self, size: Dim, ceil: bool = False) -> Dim:
        """How many places it takes along an axis of `size` elements.

        With `ceil` a window may hang over the end, as long as it begins before the padding there does: so
        says torch's `pooling_output_shape`, of which this is the closed form for paddings up to the kernel's size.
        """
        # A hanging window must begin before the padding at the end; torch drops it otherwise.
        slack = min(self.slack + self.stride - 1, self.before - 1) if ceil else self.slack
        if self.stride == 1:  # as below, with one sum less
            return size + (slack + 1)
        return (size + slack) // self.stride + 1

    def fits(self, size: Dim, ceil: bool = False) -> Requirement:
        """That there is a place for it at all."""
        padded = size + (self.before + self.after)
        # A hanging window may lack up to stride − 1 elements.
        least = self.extent - (self.stride - 1 if ceil else 0)
        return Requirement(padded, ">=", least, lambda: self._too_wide(padded), "kernel_size")

    def _too_wide(self, padded: Dim) -> str:
        template = "the kernel spans {extent} elements but the input has {padded}"
        if self.before or self.after:
            template = "the kernel spans {extent} elements but the padded input has {padded}"
        return text(template, extent=self.extent, padded=padded)

    def formula(self, size: Dim, ceil: bool = False) -> str:
        """`(32 + 2·2 − 5)/1 + 1 = 32`: how the number of places comes about."""
        places = self.positions(size, ceil)
        # The number of places if torch dropped no hanging window.
        hanging = (size + (self.slack + self.stride - 1)) // self.stride + 1
        # With symbols, whether the last window is dropped depends on their values: only the bound is true of all.
        if ceil and places != hanging and not isinstance(size, int):
            return f"⌊({size}{_added(self.before - 1)})/{self.stride}⌋ + 1 = {places}"
        left, right = ("⌈", "⌉") if ceil else ("⌊", "⌋")
        quotient = f"({size}{self._padding_text} − {self._extent_text})/{self.stride}"
        if not (self.stride == 1 or (isinstance(size, int) and (size + self.slack) % self.stride == 0)):
            quotient = f"{left}{quotient}{right}"
        return f"{quotient} + 1{' − 1' if ceil and places != hanging else ''} = {places}"

    @property
    def _padding_text(self) -> str:
        if self.before == self.after:
            return _added(self.before, "2·")
        return _added(self.before + self.after)

    @property
    def _extent_text(self) -> str:
        return str(self.kernel) if self.dilation == 1 else f"{self.dilation}·({self.kernel} − 1) − 1"


def _added(number: int, times: str = "") -> str:
    return f" {'−' if number < 0 else '+'} {times}{abs(number)}" if number else ""


@lru_cache(maxsize=256)  # the layers of a long net have few windows
def windows(
    axes: int, kernel_size: Size, stride: Size, padding: Padding = 0, dilation: Size = 1, crops: bool = False
) -> tuple[Window, ...]:
    """A window for each axis; refuses a kernel, stride or dilation below 1, and a padding below 0 unless it `crops`.

    `same` pads by one less than the window's extent, the odd element at the end, as torch does: whatever the size,
    the window then has ⌈size/stride⌉ places.
    """
    kernels = sizes(kernel_size, axes, "kernel_size")
    strides = sizes(stride, axes, "stride")
    dilations = sizes(dilation, axes, "dilation")
    # torch takes the same padding for every size and stride, unlike TensorFlow, which pads less for some.
    if padding == "same":
        totals = [dilation * (kernel - 1) for kernel, dilation in zip(kernels, dilations, strict=True)]
    else:
        totals = [2 * one for one in sizes(0 if padding == "valid" else padding, axes, "padding", None if crops else 0)]
    # torch puts the odd element at the end.
    ends = [(total // 2, total - total // 2) for total in totals]
    each = zip(kernels, strides, ends, dilations, strict=True)
    return tuple(Window(kernel, stride, *end, dilation) for kernel, stride, end, dilation in each)


def sizes(size: Size, axes: int, at: str, least: int | None = 1) -> tuple[int, ...]:
    """A size for each axis, none of them below `least`."""
    found = per_axis(size, axes, at)
    if least is not None:
        AtLeast(least).check(at, found)
    return found


def slide(windows: Sequence[Window], spatial: Shape, ceil: bool = False) -> Shape:
    """The sizes that windows leave of the spatial axes."""
    return tuple(window.positions(size, ceil) for window, size in zip(windows, spatial, strict=True))


def fit(windows: Sequence[Window], spatial: Shape, ceil: bool = False) -> tuple[Requirement, ...]:
    """That every window has a place."""
    return tuple(window.fits(size, ceil) for window, size in zip(windows, spatial, strict=True))


@record(frozen=True, eq=False)
class Formulas(Sequence[str]):
    """A line for each axis, equal ones once; written when somebody reads them, which most checks do not."""

    windows: Sequence[Window]
    spatial: Shape
    ceil: bool = False

    @cached_property
    def _lines(self) -> tuple[str, ...]:
        axes = zip(self.windows, self.spatial, strict=True)
        return distinct(window.formula(size, self.ceil) for window, size in axes if not isinstance(size, Unknown))

    def __getitem__(self, index: Any) -> Any:
        return self._lines[index]

    def __len__(self) -> int:
        return len(self._lines)


def distinct(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines in order, each once."""
    return tuple(dict.fromkeys(lines))


def symmetric(windows: Sequence[Window]) -> Size:
    """The padding of windows that have as much at both ends: one number where the axes agree."""
    first, *rest = (window.before for window in windows)
    return first if all(padding == first for padding in rest) else (first, *rest)
