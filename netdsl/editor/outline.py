"""The parts of a text: its definitions, its net and what is around it; and what of it folds away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from netdsl.checker.names.scope import as_name
from netdsl.core.sizes import format_shape
from netdsl.editor.reading import Reading
from netdsl.language.statements import BLOCK, LET, STATEMENTS, VARIANT
from netdsl.language.syntax import Body, Setting, Statement

Kind = Literal["block", "variable", "variant", "directive", "layer", "composite", "body"]

_COMMENTS = re.compile(r"^[ \t]*#[^\n]*(?:\n[ \t]*#[^\n]*)+", re.MULTILINE)


class Part(NamedTuple):
    """A part of a text.

    Args:
        name: what it is called.
        detail: a few words about it.
        kind: what it is.
        start, end: all of it.
        name_start, name_end: where its name stands.
        parts: what is in it.
    """

    name: str
    detail: str
    kind: Kind
    start: int
    end: int
    name_start: int
    name_end: int
    parts: tuple[Part, ...] = ()


class Fold(NamedTuple):
    """A part of the text that folds away, up to the line that it ends in."""

    start: int
    end: int
    is_comment: bool = False


def outline(reading: Reading) -> list[Part]:
    """The parts of a text, in its order."""
    outputs = {output.start: format_shape(output.shapes[0]) for output in reading.outputs}
    return list(_parts(reading.file.statements, outputs))


def folds(reading: Reading) -> list[Fold]:
    """What of the text folds away: bodies of several lines, and comments."""
    found = [
        Fold(item.span.start, item.span.end)
        for statement in reading.statements
        for item in statement.items
        if isinstance(item, Body) and "\n" in item.span.text
    ]
    found += (Fold(*match.span(), is_comment=True) for match in _COMMENTS.finditer(reading.text))
    return sorted(found)


def _parts(statements: Sequence[Statement], outputs: dict[int, str]) -> Iterator[Part]:
    for statement in statements:
        name, span = statement.name, statement.span
        if name.text == LET.name:
            for item in statement.items:
                if isinstance(item, Setting):
                    place = (*item.span[1:], *item.name.span[1:])
                    yield Part(item.name.text, item.value.span.text, "variable", *place)
            continue
        first = as_name(statement.items[0]) if statement.items else None
        inside = tuple(_inside(statement, outputs))
        if name.text in (BLOCK.name, VARIANT.name) and first is not None:
            kind: Kind = "block" if name.text == BLOCK.name else "variant"
            words = (item.span.text for item in statement.items[1:] if not isinstance(item, Body))
            yield Part(first.text, " ".join(words), kind, *span[1:], *first.span[1:], inside)
        elif name.text in STATEMENTS and STATEMENTS[name.text].nature != "flow":
            words = (item.span.text for item in statement.items if not isinstance(item, Body))
            yield Part(name.text, " ".join(words), "directive", *span[1:], *name.span[1:])
        else:
            called = f"{statement.label.text}: {name.text}" if statement.label else name.text
            kind = "composite" if inside else "layer"
            yield Part(called, outputs.get(span.start, ""), kind, *span[1:], *name.span[1:], inside)


def _inside(statement: Statement, outputs: dict[int, str]) -> Iterator[Part]:
    """What is in a statement's body; of several bodies, each as a part."""
    bodies = [(before, item) for before, item in zip((None, *statement.items), statement.items, strict=False)
              if isinstance(item, Body)]  # fmt: skip
    if len(bodies) == 1:
        yield from _parts(bodies[0][1].statements, outputs)
        return
    for number, (before, body) in enumerate(bodies):
        name = as_name(before)
        called = name.text if name else str(number)
        place = name.span if name else body.span
        span = place.to(body.span)
        yield Part(called, "", "body", *span[1:], *place[1:], tuple(_parts(body.statements, outputs)))
