"""Texts that people read: a template and the fields that fill it, so that other languages may fill their own.

A template is a whole sentence or phrase, and its fields are names, numbers, shapes and quoted source. Where a number
decides between singular and plural, `ntext` is given both as whole templates, as gettext's `ngettext` is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self


class Text(str):
    """A formatted text that remembers its template and its fields.

    It is a `str` in every respect; a catalogue finds the translation of `template` and formats it with `fields`. Where
    `plural` is a template too, the field `count` decides between the two.
    """

    __slots__ = ("fields", "plural", "template")

    template: str
    fields: Mapping[str, object]
    plural: str | None

    def __new__(cls, template: str, fields: Mapping[str, object], plural: str | None = None) -> Self:
        """The template with its fields filled in."""
        chosen = template if plural is None or fields["count"] == 1 else plural
        made = super().__new__(cls, chosen.format_map(fields))
        made.template = template
        made.fields = fields
        made.plural = plural
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, object], str | None]:  # type: ignore[override]
        return self.template, self.fields, self.plural  # a message crosses to other processes whole


def text(template: str, /, **fields: object) -> Text:
    """A text with named fields: `text("{layer} expects {expected} but receives {actual}", layer="conv", …)`."""
    return Text(template, fields)


def ntext(one: str, many: str, /, *, count: int, **fields: object) -> Text:
    """A text about a number of things: `ntext("{count} file", "{count} files", count=3)`."""
    return Text(one, {"count": count, **fields}, many)


def join_and(words: Iterable[str]) -> str:
    """`a`; `a and b`; `a, b and c`."""
    *most, last = words
    return text("{most} and {last}", most=", ".join(most), last=last) if most else last


def join_or(words: Iterable[str]) -> str:
    """`a`; `a or b`; `a, b or c`."""
    *most, last = words
    return text("{most} or {last}", most=", ".join(most), last=last) if most else last
