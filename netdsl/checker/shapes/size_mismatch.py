"""A size that is stated and is not the one received: what to say, what to write instead, and what to go on with.

The numbers at hand tell which of several mistakes was made. Each reading is tried in turn, the likeliest first: a
forgotten `flatten`, the batch or the channels at the wrong place in the `input` line, a sequence where a signal is
wanted. Only where none of them fits is the number itself taken for the mistake.
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
    """What to do about a contradiction.

    Args:
        shape: what the layer receives once it is done; None where that stays what is stated.
        fix: what to write instead.
        help: what to do, where that cannot be written for sure.
    """

    shape: Shape | None = None
    fix: Fix | None = None
    help: str | None = None


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
        """What is stated and what is received."""
        return describe_mismatch(self.layer.name, self.name, self.given, self.actual)

    @property
    def actual(self) -> Dim:
        """The size received."""
        return self.shape[self.axis]

    @property
    def remedy(self) -> Remedy:
        """What puts it right."""
        if self.shared:  # a number that is right for one of the layers is wrong for the next
            return self._left_out()
        return next(self._readings())

    def _readings(self) -> Iterator[Remedy]:
        """What may have been meant, the likeliest first."""
        if self.span.text == str(self.given):  # what is worked out from other sizes says nothing of what was meant
            yield from self._flattened()
            yield from self._channels_last()
            yield from self._batch_in_input()
            yield from self._sequence()
        yield Remedy(fix=Fix(_write(self._with(self.actual)), (Edit(self.span, str(self.actual)),)))

    def _flattened(self) -> Iterator[Remedy]:
        """A layer that takes features receives an image, or a sequence whose numbers are as many as are stated."""
        if self.layer.accepts or self.axis != -1:
            return
        features = product(self.shape)
        before = Edit(self._before, "flatten; ")
        if len(self.shape) > 1 and features == self.given:
            yield Remedy((self.given,), Fix("write `flatten` before it", (before,)))
        elif len(self.shape) == 3:
            flat = text("flatten; {layer} {sizes}", layer=self.statement.name.text, sizes=self._with(features))
            if self.given == self.shape[0]:  # the channels were counted, the positions forgotten
                edits = (before, Edit(self.span, str(features)))
                yield Remedy((self.given,), Fix(_write(flat), edits, safe=False))
            else:
                yield Remedy((self.given,), help=text("to feed it the whole image, write `{flat}`", flat=flat))

    def _channels_last(self) -> Iterator[Remedy]:
        """The `input` line has the channels behind height and width."""
        *spatial, last = self.shape
        if self._is_input and (self.axis, last, len(spatial)) == (0, self.given, 2):
            shape = (last, *spatial)
            line = input_line(shape)
            assert self.made is not None
            yield Remedy(shape, Fix(text("write `{line}`, the channels first", line=line), (Edit(self.made, line),)))

    def _batch_in_input(self) -> Iterator[Remedy]:
        """The `input` line begins with the batch, which is no part of a sample."""
        sample = self.shape[1:]
        layouts = map(len, self.layer.accepts)
        if self._is_input and self.axis == 0 and len(sample) > 1 and sample[0] == self.given and len(sample) in layouts:
            assert self.made is not None
            yield Remedy(sample, without_batch(self.made, sample))

    def _sequence(self) -> Iterator[Remedy]:
        """A layer that takes channels first receives a sequence T×F, whose features are behind."""
        if self.axis != 0 or len(self.shape) != 2 or self.shape[1] != self.given:
            return
        before = Edit(self._before, "transpose; ")
        # A layer with a flow gives another size anyway; one without must hand on the sequence as it came.
        if self.layer.flow is not None:
            yield Remedy(self.shape[::-1], Fix("write `transpose` before it, which makes F×T of T×F", (before,)))
            return
        end = self.statement.span.end
        after = Edit(Span(self.span.source, end, end), "; transpose")
        yield Remedy(self.shape, Fix("write `transpose` before and behind it, for it takes F×T", (before, after)))

    def _left_out(self) -> Remedy:
        if self._right:
            return Remedy(fix=Fix(_write(f"->{self._right}"), (Edit(self.span, ""),)))
        return Remedy(help=text("leave `{parameter}` out, and it is inferred", parameter=self.name))

    @property
    def _right(self) -> str | None:
        """What stands after the arrow, where the size stands before it."""
        flow = self.statement.flow
        return flow.right.span.text if flow and flow.left and flow.left.span == self.span else None

    def _with(self, size: Dim) -> str:
        """The sizes as they are written with another one: `1024->64`."""
        return f"{size}->{self._right}" if self._right else str(size)

    @property
    def _before(self) -> Span:
        start = self.statement.span.start
        return Span(self.span.source, start, start)

    @property
    def _is_input(self) -> bool:
        """Whether the shape is the one that an `input` line states."""
        made = self.made is not None and self.made.text == input_line(self.shape)
        return made and is_known(self.shape)


def input_line(sample: Shape) -> str:
    """The line that states an input: `input 3x32x32`."""
    return " ".join((INPUT.name, format_shape(sample)))


def without_batch(line: Span, sample: Shape) -> Fix:
    """Writes an `input` line without the batch that it begins with."""
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
    """What is stated and what is received: `linear expects 1000 features but receives 1024`."""
    one, several = _MESSAGES.get(parameter, _OF_ANOTHER)
    template = one if given == 1 else several
    return text(template, layer=layer, parameter=parameter, given=given, actual=actual)


def _write(what: str) -> str:
    return text("write `{text}`", text=what)
