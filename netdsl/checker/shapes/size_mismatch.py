"""A size that is stated and is not the one received: what to say, and what to write instead."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.components import Layer
from netdsl.core.diagnostics import Edit, Fix
from netdsl.core.sizes import Shape, format_shape, is_known, product
from netdsl.core.source import Span
from netdsl.language.syntax import Statement


class Contradiction(NamedTuple):
    """`given` is stated at `span` for the parameter `name`, the size of an axis of `shape`, and is another.

    `made` is the statement that made the shape; `shared` says that the statement stands for several layers, whose
    inputs may differ.
    """

    layer: Layer
    statement: Statement
    name: str
    given: int
    axis: int
    shape: Shape
    span: Span
    made: Span | None
    shared: bool

    @property
    def message(self) -> str:
        """`linear expects 1000 features but receives 1024`."""
        return f"{self.layer.name} expects {self.given} {noun(self.name, self.given)} but receives {self._actual}"

    @property
    def fix(self) -> Fix | None:
        """What puts it right; the size itself is left out where it is several."""
        if self.shared:
            return self._inferred()
        return self._flattened() or self._channels_first() or self._corrected()

    @property
    def help(self) -> str | None:
        """What else may be meant."""
        if self._sees_the_last_axis and len(self.shape) == 3 and not self._flattened():
            return "to feed it the whole image, put `flatten` before it"
        return f"leave `{self.name}` out, and it is inferred" if self.shared and not self.fix else None

    @property
    def _actual(self) -> str:
        return str(self.shape[self.axis])

    @property
    def _sees_the_last_axis(self) -> bool:
        return self.axis == -1 and not self.layer.accepts

    @property
    def _right(self) -> str | None:
        """What stands after the arrow, where the size stands before it."""
        flow = self.statement.flow
        return flow.right.span.text if flow and flow.left and flow.left.span == self.span else None

    def _inferred(self) -> Fix | None:
        return Fix(f"write `->{self._right}`", (Edit(self.span, ""),)) if self._right else None

    def _flattened(self) -> Fix | None:
        if self._sees_the_last_axis and len(self.shape) > 1 and product(self.shape) == self.given:
            start = self.statement.span.start
            return Fix("write `flatten` before it", (Edit(self.span.source.span(start, start), "flatten; "),))
        return None

    def _channels_first(self) -> Fix | None:
        *spatial, last = self.shape
        stated = self.made is not None and self.made.text == f"input {format_shape(self.shape)}"
        if self.made and stated and is_known(self.shape) and (self.axis, last, len(spatial)) == (0, self.given, 2):
            line = f"input {format_shape([last, *spatial])}"
            return Fix(f"write `{line}`, the channels first", (Edit(self.made, line),))
        return None

    def _corrected(self) -> Fix:
        shown = f"{self._actual}->{self._right}" if self._right else self._actual
        return Fix(f"write `{shown}`", (Edit(self.span, self._actual),))


_NOUNS = {"in_features": "features", "in_channels": "channels", "num_features": "channels"}


def noun(name: str, count: int) -> str:
    """What a parameter counts: `1 channel`, `8 features`, otherwise its name."""
    word = _NOUNS.get(name)
    return f"`{name}`" if word is None else word[:-1] if count == 1 else word
