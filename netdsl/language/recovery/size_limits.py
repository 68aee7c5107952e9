"""Texts too large, or too deeply nested, to be read at all."""

from __future__ import annotations

import re
from itertools import islice

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.limits import MAX_BYTES, MAX_LINE, MAX_NESTING, MAX_STATEMENTS, MAX_WORDS
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.language.recovery.codes import NESTED_TOO_DEEP, TOO_LONG

_LONG_LINE = re.compile(rf"^[^\n]{{{MAX_LINE + 1}}}", re.MULTILINE)
_BEFORE_STATEMENT = re.compile(r"(?:^|[;{])[ \t\r]*+(?=[^\s;#}])", re.MULTILINE)
_COMMENT_OR_TEXT = re.compile(r"""#[^\n]*|"[^"\n]*\"""")
_WORD = re.compile(r"\w++|[^\w\s]")
_BRACKET = re.compile(r"[(){}\n;]")

WIDE_SIGNS = {"；": ";", "｛": "{", "｝": "}", "＃": "#"}
"""Signs of a Chinese keyboard that are read as those of the language, with a mistake."""
_NARROW = str.maketrans(WIDE_SIGNS)


def refuse(source: Source) -> Diagnostic | None:
    """The error of a text that would take too long to read, found in a fraction of a second."""
    written = source.text if source.text.isascii() else source.text.translate(_NARROW)
    return _too_long(source, written) or _too_deep(source, written)


def _too_long(source: Source, written: str) -> Diagnostic | None:
    if len(written) > MAX_BYTES or len(source.text.encode(errors="replace")) > MAX_BYTES:
        return Diagnostic(
            TOO_LONG, text("the file is larger than {limit} MiB", limit=MAX_BYTES >> 20), source.span(0, 0)
        )
    if long := _LONG_LINE.search(written):
        where = source.span(long.start(), long.start() + 1)
        return Diagnostic(TOO_LONG, text("the line is longer than {limit:,} characters", limit=MAX_LINE), where)
    if written.count("\n") + written.count(";") + written.count("{") > MAX_STATEMENTS:
        start = next(islice(_BEFORE_STATEMENT.finditer(_blanked(written)), MAX_STATEMENTS, None), None)
        if start:
            message = text("the file has more than {limit:,} statements", limit=MAX_STATEMENTS)
            return Diagnostic(TOO_LONG, message, source.span(start.end(), start.end() + 1))
    if len(written) > MAX_WORDS:
        word = next(islice(_WORD.finditer(_blanked(written)), MAX_WORDS, None), None)
        if word:
            message = text("the file has more than {limit:,} names, numbers and signs", limit=MAX_WORDS)
            return Diagnostic(TOO_LONG, message, source.span(*word.span()))
    return None


def _too_deep(source: Source, written: str) -> Diagnostic | None:
    """Only a text with enough brackets is looked at closely."""
    if written.count("{") + written.count("(") <= MAX_NESTING:
        return None
    braces = parentheses = 0
    for match in _BRACKET.finditer(_blanked(written)):
        sign = match.group()
        braces = max(0, braces + (sign == "{") - (sign == "}"))
        parentheses = 0 if sign in "{}\n;" else max(0, parentheses + (1 if sign == "(" else -1))
        if braces + parentheses > MAX_NESTING:
            return Diagnostic(
                NESTED_TOO_DEEP,
                text("nested more than {limit} deep", limit=MAX_NESTING),
                source.span(*match.span()),
            )
    return None


def _blanked(text: str) -> str:
    """The text without its comments and quoted texts, every other character in its place."""
    return _COMMENT_OR_TEXT.sub(lambda match: " " * len(match.group()), text)
