"""Texts that people read: a template and the fields that fill it, so that other languages may fill their own.

A template is a whole sentence or phrase, and its fields are names, numbers, shapes and quoted source. Where a number
decides between singular and plural, `ntext` is given both as whole templates, as gettext's `ngettext` is. A text is
made in the language that is spoken, and remembers how it was made, so that `english` finds the original.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Self

from netdsl.core.translation import spoken_catalogue, translate


class Text(str):
    """A formatted text that remembers its template and its fields.

    It is a `str` in every respect: the template as the catalogue of the spoken language has it, filled with `fields`.
    Where `plural` is a template too, the field `count` decides between the two.
    """

    __slots__ = ("fields", "plural", "template")

    template: str
    fields: Mapping[str, object]
    plural: str | None

    def __new__(cls, template: str, fields: Mapping[str, object], plural: str | None = None) -> Self:
        """The template with its fields filled in."""
        made = super().__new__(cls, _translated(template, fields, plural).format_map(fields))
        made.template = template
        made.fields = fields
        made.plural = plural
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, object], str | None]:  # type: ignore[override]
        return self.template, self.fields, self.plural  # a message crosses to other processes whole


def _translated(template: str, fields: Mapping[str, object], plural: str | None) -> str:
    catalogue = spoken_catalogue()
    if plural is None:
        return template if catalogue is None else catalogue.gettext(template)
    count = fields["count"]
    assert isinstance(count, int)
    if catalogue is None:
        return template if count == 1 else plural
    return catalogue.ngettext(template, plural, count)


def english(message: str) -> str:
    """A text as machines read it, whatever language it was made in; what is no `Text` stays as it is."""
    if not isinstance(message, Text):
        return message
    original = message.template if message.plural is None or message.fields["count"] == 1 else message.plural
    return original.format_map({name: _in_english(value) for name, value in message.fields.items()})


def _in_english(field: object) -> object:
    if isinstance(field, WordList):
        return ", ".join(map(english, field))
    return english(field) if isinstance(field, str) else field


def text(template: str, /, **fields: object) -> Text:
    """A text with named fields: `text("{layer} expects {expected} but receives {actual}", layer="conv", …)`."""
    return Text(template, fields)


def ntext(one: str, many: str, /, *, count: int, **fields: object) -> Text:
    """A text about a number of things: `ntext("{count} file", "{count} files", count=3)`."""
    return Text(one, {"count": count, **fields}, many)


LateText = str | Callable[[], str]
"""A text, or what writes it: most of what might be said of symbols is never said."""


def say(late: LateText) -> str:
    """The text itself."""
    return late if isinstance(late, str) else late()


class WordList(tuple[str, ...]):
    """The words of a list: `a`; `a, b`; `a, b, c`, with the mark between them that the language has."""

    __slots__ = ()

    def __str__(self) -> str:
        return translate(", ").join(self)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def join_and(words: Iterable[str]) -> str:
    """`a`; `a and b`; `a, b and c`."""
    *most, last = words
    return text("{most} and {last}", most=WordList(most), last=last) if most else last


def join_or(words: Iterable[str]) -> str:
    """`a`; `a or b`; `a, b or c`."""
    *most, last = words
    return text("{most} or {last}", most=WordList(most), last=last) if most else last
