"""How the layer at the cursor is written, and which of its parameters is being written."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.checker.names.scope import Block
from netdsl.components import Component, Layer
from netdsl.editor.cursor import Cursor, find_cursor
from netdsl.editor.pages import default_of
from netdsl.editor.partial import Partial, read_partial
from netdsl.editor.reading import Reading
from netdsl.render.entry import describe_parameter, usages


class SignaturePart(NamedTuple):
    """A part of a signature, and what there is to say of it."""

    start: int
    end: int
    doc: str


class Signature(NamedTuple):
    """How something is written: `conv [in_channels->]out_channels kernel_size …`, and the part that comes next."""

    text: str
    parts: tuple[SignaturePart, ...]
    active: int | None
    doc: str


def signature(reading: Reading, offset: int) -> Signature | None:
    """The signature of the statement that an offset stands in; nothing before its first word is complete."""
    cursor = find_cursor(reading.text, offset)
    if cursor.in_comment or not cursor.head:
        return None
    scope, _ = reading.arriving_at(cursor.start)
    partial = read_partial(reading, cursor, scope)
    if partial is None:
        return None
    component = partial.component
    text, parts, active = component.name, [], None
    parameter = _active(partial, cursor)
    for number, (word, names) in enumerate(usages(component)):
        text += " "
        parts.append(SignaturePart(len(text), len(text) + len(word), _doc(component, names[-1])))
        text += word
        active = number if parameter in names else active
    return Signature(text, tuple(parts), active, "" if isinstance(component, Block) else component.summary)


def _active(partial: Partial, cursor: Cursor) -> str | None:
    """The parameter that is being written: the one that is named, or the next that a value without a name fills."""
    component, word = partial.component, cursor.word
    name, sign, _ = word.partition("=")
    if sign:
        return component.resolve(name)
    flow = component.flow if isinstance(component, Layer) else None
    if "->" in word and flow:
        return flow[1]
    if word[:1].isalpha() and word[1:2].isdigit():
        return component.resolve(word[0])
    if flow and flow[1] not in partial.given:
        return flow[1]
    open_ = (one for one in component.parameters.values() if one.name not in (*partial.given, *(flow or ())))
    return next((one.name for one in open_ if one.positional and not one.is_branch), None)


def _doc(component: Component, name: str) -> str:
    parameter = component.parameters[name]
    if isinstance(component, Layer):
        return describe_parameter(component, parameter).strip()
    return parameter.doc or default_of(parameter)
