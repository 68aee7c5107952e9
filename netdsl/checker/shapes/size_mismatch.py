"""A stated size that differs from the received one: the message, the fix, and the size for the further check.

The numbers tell which of several mistakes was made. Each reading is tried, the most likely first: a forgotten
`flatten`, the batch or the channels at the wrong place in the `input` line, a sequence instead of a signal. If none of
them fits, the number itself is the mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netdsl.components import Layer
from netdsl.core.diagnostics import Edit, Fix
from netdsl.core.sizes import Dim, Shape, format_shape, is_known, product
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.statements import INPUT
from netdsl.language.syntax import Statement


class Remedy(NamedTuple):
    """A remedy for a contradiction.

    Args:
        shape: the layer's input after the remedy; None if it is the stated size.
        fix: the edit.
        help: the advice, if the edit is not certain.
    """

    shape: Shape | None = None
    fix: Fix | None = None
    help: str | None = None


class Contradiction(NamedTuple):
    """`given` is stated at `span` for the parameter `name`, but the axis of `shape` has another size.

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
        """The message with the stated and the received size."""
        return describe_mismatch(self.layer.name, self.name, self.given, self.actual)

    @property
    def actual(self) -> Dim:
        """The size received."""
        return self.shape[self.axis]

    @property
    def remedy(self) -> Remedy:
        """The most likely remedy."""
        if self.shared:  # a number that fits one of the layers does not fit the next
            return self._left_out()
        return next(self._readings())

    def _readings(self) -> Iterator[Remedy]:
        """The possible meanings, the most likely first."""
        if self.span.text == str(self.given):  # a computed size does not tell what was meant
            yield from self._flattened()
            yield from self._channels_last()
            yield from self._batch_in_input()
            yield from self._sequence()
        yield Remedy(fix=Fix(_write(self._with(self.actual)), (Edit(self.span, str(self.actual)),)))

    def _flattened(self) -> Iterator[Remedy]:
        """A layer that takes features receives an image or a sequence with the stated number of values."""
        if self.layer.accepts or self.axis != -1:
            return
        features = product(self.shape)
        before = Edit(self._before, "flatten; ")
        if len(self.shape) > 1 and features == self.given:
            yield Remedy((self.given,), Fix("write `flatten` before it", (before,)))
        elif len(self.shape) == 3:
            flat = text("flatten; {layer} {sizes}", layer=self.statement.name.text, sizes=self._with(features))
            if self.given == self.shape[0]:  # only the channels were counted, not the positions
                edits = (before, Edit(self.span, str(features)))
                yield Remedy((self.given,), Fix(_write(flat), edits, safe=False))
            else:
                yield Remedy((self.given,), help=text("for the whole image as input, write `{flat}`", flat=flat))

    def _channels_last(self) -> Iterator[Remedy]:
        """The `input` line has the channels after height and width."""
        *spatial, last = self.shape
        if self._is_input and (self.axis, last, len(spatial)) == (0, self.given, 2):
            shape = (last, *spatial)
            line = input_line(shape)
            assert self.made is not None
            yield Remedy(shape, Fix(text("write `{line}`, the channels first", line=line), (Edit(self.made, line),)))

    def _batch_in_input(self) -> Iterator[Remedy]:
        """The `input` line begins with the batch, which is not part of a sample."""
        sample = self.shape[1:]
        layouts = map(len, self.layer.accepts)
        if self._is_input and self.axis == 0 and len(sample) > 1 and sample[0] == self.given and len(sample) in layouts:
            assert self.made is not None
            yield Remedy(sample, without_batch(self.made, sample))

    def _sequence(self) -> Iterator[Remedy]:
        """A layer that takes channels first receives a sequence T×F, whose features come last."""
        if self.axis != 0 or len(self.shape) != 2 or self.shape[1] != self.given:
            return
        before = Edit(self._before, "transpose; ")
        # A layer with an arrow changes the size anyway. One without must give the sequence back as T×F.
        if self.layer.flow is not None:
            yield Remedy(self.shape[::-1], Fix("write `transpose` before it, which makes F×T of T×F", (before,)))
            return
        end = self.statement.span.end
        after = Edit(Span(self.span.source, end, end), "; transpose")
        yield Remedy(self.shape, Fix("write `transpose` before and after it, because it takes F×T", (before, after)))

    def _left_out(self) -> Remedy:
        if self._right:
            return Remedy(fix=Fix(_write(f"->{self._right}"), (Edit(self.span, ""),)))
        return Remedy(help=text("leave `{parameter}` out, and it is inferred", parameter=self.name))

    @property
    def _right(self) -> str | None:
        """The text after the arrow, if the size stands before it."""
        flow = self.statement.flow
        return flow.right.span.text if flow and flow.left and flow.left.span == self.span else None

    def _with(self, size: Dim) -> str:
        """The written sizes with another first one: `1024->64`."""
        return f"{size}->{self._right}" if self._right else str(size)

    @property
    def _before(self) -> Span:
        start = self.statement.span.start
        return Span(self.span.source, start, start)

    @property
    def _is_input(self) -> bool:
        """Whether an `input` line states the shape."""
        made = self.made is not None and self.made.text == input_line(self.shape)
        return made and is_known(self.shape)


def input_line(sample: Shape) -> str:
    """An `input` line: `input 3x32x32`."""
    return " ".join((INPUT.name, format_shape(sample)))


def without_batch(line: Span, sample: Shape) -> Fix:
    """The fix that removes the batch from the start of an `input` line."""
    written = input_line(sample)
    return Fix(text("write `{line}`, without the batch", line=written), (Edit(line, written),))


_MESSAGES = {
    "in_features": (
        "{layer} expects {given} feature but receives {actual}",
        "{layer} expects {given} features but receives {actual}",
    ),
    "in_channels": (
        "{layer} expects {given} channel but receives {actual}",
        "{layer} expects {given} channels but receives {actual}",
    ),
    "features": (
        "{layer} expects {given} feature but receives {actual}",
        "{layer} expects {given} features but receives {actual}",
    ),
    "length": (
        "{layer} expects {given} step but receives {actual}",
        "{layer} expects {given} steps but receives {actual}",
    ),
    "num_features": (
        "{layer} expects {given} channel but receives {actual}",
        "{layer} expects {given} channels but receives {actual}",
    ),
}
_OF_ANOTHER = ("{layer} expects {given} `{parameter}` but receives {actual}",) * 2


def describe_mismatch(layer: str, parameter: str, given: int, actual: Dim) -> str:
    """The message with the stated and the received size: `linear expects 1000 features but receives 1024`."""
    one, several = _MESSAGES.get(parameter, _OF_ANOTHER)
    template = one if given == 1 else several
    return text(template, layer=layer, parameter=parameter, given=given, actual=actual)


def _write(what: str) -> str:
    return text("write `{text}`", text=what)
