"""Text as a terminal shows it: how many cells it takes, and nothing in it that would act on the terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

Paint = Callable[..., str]
"""`paint("text", fg="red", bold=True)`."""

TAB = 4

OPENING, CLOSING = "（《「【“", "，。、；：？！）》」】”…"
"""Marks after which, and before which, no line is broken where words have no blanks between them."""


def painter(color: bool) -> Paint:
    """`click.style`, or what leaves text as it is."""
    if not color:
        return _plain
    import click  # here, for what renders without colour also renders where there is no terminal

    return click.style


def visible(text: str) -> str:
    """The text with tabs widened and a picture for every character that a terminal would obey or hide."""
    # Nearly every text is plain, and tables ask for thousands of widths.
    return text if text.isascii() and text.isprintable() else "".join(map(_picture, text))


def width(text: str) -> int:
    """The cells that `visible(text)` takes: two for a wide character, none for a combining one."""
    return len(text) if text.isascii() and text.isprintable() else sum(map(char_width, text))


def char_width(char: str) -> int:
    """The cells of one character."""
    if char == "\t":
        return TAB
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def crop(text: str, cells: int) -> str:
    """As much of the text as fits, with `…` where it was cut."""
    text = visible(text)
    if width(text) <= cells:
        return text
    kept, room = "", cells - 1
    for char in text:
        room -= char_width(char)
        if room < 0:
            break
        kept += char
    return kept.rstrip() + "…"


def wrap(text: str, cells: int, *, first: str = "", rest: str = "") -> list[str]:
    """The text in lines of at most so many cells, the first of which begins with `first`, the others with `rest`.

    Lines are broken at blanks, and beside wide characters, which need none. A word wider than a line stays whole.
    """
    if width(text) == len(text):
        import textwrap  # which breaks at hyphens too, but takes a wide character for one cell

        return textwrap.wrap(text, cells, initial_indent=first, subsequent_indent=rest, break_long_words=False)
    lines, line = list[str](), first
    is_empty = True
    for blank, part in _parts(" ".join(text.split())):
        if not is_empty and width(line) + len(blank) + width(part) > cells:
            lines.append(line)
            line, is_empty = rest, True
        line += part if is_empty else blank + part
        is_empty = False
    return lines if is_empty else [*lines, line]


def _parts(text: str) -> list[tuple[str, str]]:
    """What a line may be broken before, each with the blank that stands before it: words, and wide characters."""
    wide = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
    word = rf"[{OPENING}]*(?:{wide}|(?:(?!{wide})[^\s{OPENING}{CLOSING}])+)?[{CLOSING}]*"
    return [(blank, part) for blank, part in re.findall(rf"(\s*)({word})", text) if part]


def left(text: str, cells: int) -> str:
    """The text at the left of so many cells."""
    return text + " " * (cells - width(text))


def right(text: str, cells: int) -> str:
    """The text at the right of so many cells."""
    return " " * (cells - width(text)) + text


def _plain(text: str, **_: object) -> str:
    return text


def _picture(char: str) -> str:
    if char == "\t":
        return " " * TAB
    if char < " ":
        # Unicode has a picture for each control character, in their order.
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "␡"
    # A no-break space is not printable to Python, but harmless.
    return char if char.isprintable() or unicodedata.category(char) == "Zs" else "�"
