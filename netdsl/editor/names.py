"""Where a word is defined, where else it stands, and what changes with its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from netdsl.checker.names.definitions import LIBRARY, SHIPPED
from netdsl.checker.names.scope import INPUT_SIZES, LITERALS
from netdsl.core.diagnostics import Edit
from netdsl.core.errors import Refusal
from netdsl.core.files import find_home
from netdsl.core.source import Source, Span
from netdsl.core.text import text
from netdsl.editor.occurrences import NAMED, Occurrence, find_occurrences, occurrence_at, same
from netdsl.editor.reading import Reading

WORD = re.compile(r"[^\W\d]\w*")
_SHORT = re.compile(r"[A-Za-z]\d+(x\d+)*")


class Target(NamedTuple):
    """A place in a text: of a file that is not read yet, its beginning."""

    source: Source
    start: int
    end: int


def definition(reading: Reading, offset: int) -> Target | None:
    """Where the word at an offset is defined; of what is used, the file."""
    one = occurrence_at(reading, offset)
    if one is None:
        return None
    if one.kind == "file":
        return _beginning(reading.folder / find_home(Path(one.span.text.strip('"'))))
    if one.kind == "library":
        return _beginning(LIBRARY / f"{one.span.text}.net")
    return None if one.home is None else Target(*one.home)


def references(readings: Sequence[Reading], one: Occurrence, definition: bool = True) -> list[Span]:
    """Where the meaning of a word stands in these texts, with or without its definition."""
    is_same = same(one)
    found = (other for reading in readings for other in find_occurrences(reading) if is_same(other))
    return [other.span for other in found if definition or not other.defines]


def nameable(reading: Reading, offset: int) -> Occurrence | None:
    """The word at an offset, where it is a name that an author has given in a file of the author's own."""
    one = occurrence_at(reading, offset)
    if one is None or one.kind not in NAMED or one.home is None or is_shipped(one.home.source):
        return None
    return one


def rename(readings: Sequence[Reading], one: Occurrence, name: str) -> list[Edit]:
    """What is to be changed in these texts, so that a word has another name.

    Raises:
        Refusal: it cannot have that name; the message says why.
    """
    _check_name(readings, one, name)
    return [Edit(span, name) for span in references(readings, one)]


def _check_name(readings: Iterable[Reading], one: Occurrence, name: str) -> None:
    if not WORD.fullmatch(name):
        raise Refusal(text("`{name}` is not a name: write letters, digits and `_`", name=name))
    if name in LITERALS or name in INPUT_SIZES or _SHORT.fullmatch(name):
        raise Refusal(text("`{name}` has a meaning of its own", name=name))
    is_same = same(one)
    for reading in readings:
        if name in reading.registry.layers and one.kind in ("block", "variable"):
            raise Refusal(text("`{name}` is a layer", name=name))
        for other in find_occurrences(reading):
            if other.defines and other.span.text == name and not is_same(other) and _meet(one, other):
                message = text("`{name}` is taken: line {line}", name=name, line=other.span.position.line)
                raise Refusal(message)


def _meet(one: Occurrence, other: Occurrence) -> bool:
    """Whether two names could be taken for each other: labels are apart from all other names."""
    return (one.kind == "label") == (other.kind == "label") and (one.kind == "variant") == (other.kind == "variant")


def is_shipped(source: Source) -> bool:
    """Whether a text comes with netdsl."""
    return source.name.startswith(SHIPPED) or Path(source.name).is_relative_to(LIBRARY)


def source_path(source: Source) -> Path:
    """The file of a text."""
    name = source.name
    return LIBRARY / name.removeprefix(f"{SHIPPED}/") if name.startswith(SHIPPED) else Path(name).resolve()


def _beginning(path: Path) -> Target | None:
    return Target(Source(str(path), ""), 0, 0) if path.is_file() else None
