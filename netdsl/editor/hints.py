"""Hints between the characters of a text: what every statement gives, and the sizes that it takes without saying so."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Literal, NamedTuple

from netdsl.checker.trace import Passage
from netdsl.core.sizes import Shape, format_shape
from netdsl.core.text import text
from netdsl.editor.arguments import bound
from netdsl.editor.outputs import Output, is_value
from netdsl.editor.reading import Reading
from netdsl.language.syntax import Hole, Name

_KEPT = text("as it was before the mistake")

MOST_SHAPES = 8
"""So many shapes of one statement are listed."""

Kind = Literal["output", "input", "parameter", "count"]


class Hint(NamedTuple):
    """A hint at a place.

    Args:
        offset: before which character it stands.
        text: what it says.
        kind: `output`, the shape that a statement leaves behind; `input`, the size before `->`; `parameter`, the name
            of what a value is given to; `count`, how many numbers a layer learns.
        tooltip: more about it; empty where there is no more to say.
        insert: what may be written in its place; empty where nothing is.
        kept: whether it is from an earlier version of the text, since a mistake hides it in this one.
    """

    offset: int
    text: str
    kind: Kind
    tooltip: str = ""
    insert: str = ""
    kept: bool = False


def hints(
    reading: Reading, start: int = 0, end: int | None = None, *, parameters: bool = False, counts: bool = False
) -> list[Hint]:
    """The hints between two offsets, in the order of the text.

    Args:
        reading: the text.
        start: where the part of the text begins that is seen.
        end: where it ends; at the text's end unless given.
        parameters: whether values without a name are given the name of their parameter.
        counts: whether layers say how many numbers they learn.
    """
    end = len(reading.text) if end is None else end
    found = [*_data(reading, start, end)]
    first = bisect_left(reading.outputs, start, key=lambda output: output.start)
    # A statement that begins above may end in the part that is seen.
    for output in (*(one for one in reading.outputs[:first] if one.end >= start), *reading.outputs[first:]):
        if output.start > end:
            break
        found += _of_statement(reading, output, parameters, counts)
    return sorted((hint for hint in found if start <= hint.offset <= end), key=lambda hint: hint.offset)


def _data(reading: Reading, start: int, end: int) -> Iterator[Hint]:
    data = reading.trace.data
    if data is None or data.span is None or data.span.source is not reading.source or not data.shape:
        return
    if start <= data.span.end <= end:
        yield Hint(data.span.end, _arrow(data.shape), "output", text("what reaches the net of one sample"))


def _of_statement(reading: Reading, output: Output, parameters: bool, counts: bool) -> Iterator[Hint]:
    if output.taken is not None:
        behind, said, insert, kept = output.taken
        tooltip = _KEPT if kept else text("the size that comes in")
        yield Hint(output.start + behind, said, "input", tooltip, "" if kept else insert, kept)
    first = _first_passage(reading, output) if parameters or counts else None
    if parameters and first:
        yield from _parameters(reading, first)
    said = _arrow(output.shapes[0])
    if len(output.shapes) > 1:
        said += " …"
    # A body that is not closed yet reaches over the line break.
    behind = output.start + len(reading.text[output.start : output.end].rstrip())
    yield Hint(behind, said, "output", _tooltip(output), kept=output.kept)
    if counts and first and first.node and first.node.params:
        count = text("{count:,} parameters", count=first.node.params)
        yield Hint(behind, count, "count")


def _first_passage(reading: Reading, output: Output) -> Passage | None:
    passages = reading.passages.get(output.start, ())
    return next((one for one in passages if one.statement.span.end == output.end), None)


def _arrow(shape: Shape) -> str:
    return f"→ {format_shape(shape)}"


def _tooltip(output: Output) -> str:
    if output.kept:
        return _KEPT
    if len(output.shapes) == 1:
        return ""
    listed = ", ".join(format_shape(shape) for shape in output.shapes[:MOST_SHAPES])
    if len(output.shapes) > MOST_SHAPES:
        return text("in one place after the other: {shapes}, …", shapes=listed)
    return text("in one place after the other: {shapes}", shapes=listed)


def _parameters(reading: Reading, passage: Passage) -> Iterator[Hint]:
    given = bound(reading, passage)
    if given is None:
        return
    values = {item.span: item for item in passage.statement.items if is_value(item) and not isinstance(item, Hole)}
    layer = passage.node.layer if passage.node else None
    for name, span in given.spans.items():
        # What stands before `->` says already what stands behind it.
        item = values.get(span) if name not in ((layer and layer.flow) or ()) else None
        # A flag says its name itself, and so does a word of its list.
        if item is not None and not isinstance(item, Name):
            yield Hint(span.start, f"{name}=", "parameter", insert=f"{name}=")
