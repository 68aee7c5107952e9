"""What flows from statement to statement while a net is checked."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.components import Dtype
from netdsl.components.traits import Traits
from netdsl.core.diagnostics import Label
from netdsl.core.sizes import Shape, format_shape
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.program import NO_TRAITS


class Rearrangement(NamedTuple):
    """A layer that moved numbers around: its name, its line, what it made of the shape, whether it flattened it."""

    name: str
    line: int
    shape: Shape
    flattens: bool


class Origin(NamedTuple):
    """Where the current sizes were made, and the later step that only rearranged them."""

    span: Span
    shape: Shape
    via: Rearrangement | None = None

    def label(self) -> Label:
        """`gives 64x4x4, which line 8 flattens to 1024`."""
        if self.via is None:
            return Label(self.span, text("gives {shape}", shape=format_shape(self.shape)))
        made, line = format_shape(self.shape), self.via.line
        later = format_shape(self.via.shape) or text("one number")
        if self.via.flattens:
            words = text("gives {shape}, which line {line} flattens to {later}", shape=made, line=line, later=later)
        else:
            words = text("gives {shape}, which line {line} turns into {later}", shape=made, line=line, later=later)
        return Label(self.span, words)


class Value(NamedTuple):
    """What flows from statement to statement: one sample's shape, as far as it is known.

    `assumed` marks sizes taken for granted after a mistake: nothing that contradicts them is anyone's fault. `traits`
    are those of the layer that made it which are also true of its output. Where `dtype` is `any`, its numbers are still
    those of the `inputs`, by their names; the only input of a net that names none has an empty one.
    """

    shape: Shape | None
    dtype: Dtype = "any"
    origin: Origin | None = None
    assumed: bool = False
    traits: Traits = NO_TRAITS
    inputs: tuple[str, ...] = ("",)


UNKNOWN_VALUE = Value(None, assumed=True)
