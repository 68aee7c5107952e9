"""Texts with a cursor in them: `|` is where it stands, two of them are a selection."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Edit
from netdsl.editor import Document, Hint, Reading
from netdsl.plugins.registry import load_registry

ROOT = Path(__file__).parents[2]


@cache
def registry() -> Registry:
    return load_registry(installed=False)


def document(name: str = "a.net", folder: Path | None = None) -> Document:
    return Document(registry(), name, folder)


def at(marked: str, name: str = "a.net") -> tuple[Reading, int]:
    """A text without its `|`, and where that stood."""
    before, _, after = marked.partition("|")
    return document(name).read(before + after), len(before)


def selected(marked: str) -> tuple[Reading, int, int]:
    """A text without its two `|`, and where they stood."""
    before, inside, after = marked.split("|")
    return document().read(before + inside + after), len(before), len(before) + len(inside)


def apply(text: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: (-edit.span.start, -edit.span.end)):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def with_hints(text: str, found: Iterable[Hint]) -> str:
    """The text with its hints where they are seen, those that are kept with a `~`."""
    for hint in reversed(list(found)):
        mark = f"[{hint.text}{'~' if hint.kept else ''}]"
        text = text[: hint.offset] + mark + text[hint.offset :]
    return text
