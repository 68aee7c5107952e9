"""Texts that people read: a template and the fields that fill it, so that other languages may fill their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class Text(str):
    """A formatted text that remembers its template and its fields.

    It is a `str` in every respect; a catalogue finds the translation of `template` and formats it with `fields`.
    """

    __slots__ = ("fields", "template")

    template: str
    fields: Mapping[str, object]

    def __new__(cls, template: str, fields: Mapping[str, object]) -> Self:
        """The template with its fields filled in."""
        made = super().__new__(cls, template.format_map(fields))
        made.template = template
        made.fields = fields
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, object]]:  # type: ignore[override]
        return self.template, self.fields  # a message crosses to other processes whole


def text(template: str, /, **fields: object) -> Text:
    """A text with named fields: `text("{layer} expects {expected} but receives {actual}", layer="conv", …)`."""
    return Text(template, fields)
