"""What lark could not read, in words."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from netdsl.core.diagnostics import Code
from netdsl.core.text import Text, join_or, text
from netdsl.language.lark_parser import Unread
from netdsl.language.recovery.codes import UNEXPECTED_WORD, UNREADABLE_CHARACTER
from netdsl.language.recovery.patched_text import Draft

_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "SIZE": "a size such as `3x32x32`",
    "STRING": "a text in quotes",
    "ARROW": "`->`",
    "EQUAL": "`=`",
    "LBRACE": "`{{`",
    "RBRACE": "`}}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "TIMES": "an operator",
    "_SEPARATOR": "the end of the statement",
}
_FOLDED = {"PLUS": "TIMES", "MINUS": "TIMES", "COMPARISON": "TIMES", "SHORT": "NAME", "$END": "_SEPARATOR"}
_ITEM = {"NAME", "NUMBER", "STRING", "SHORT"}
_OPERAND = {"NAME", "NUMBER", "LPAR"}

_ADVICE = (
    (r"->", "a statement has one flow, right after its name: `conv 3->32 k5`"),
    (r"=>|→|⇒", "write the sizes right after the name: `conv 3->32 k5`"),
    (r",", "separate arguments by spaces; a list has none: `0.5,0.5`"),
    (r"==?", "a setting is a name, `=` and a value: `k=5`"),
    (r"<=|>=|<|>", "a bound is a name, `<=` or `>=`, and a number: `params<=25M`"),
    (r'"', 'close the text with `"` on the same line'),
    (r"['`‘’“”„«»]", 'write texts in straight double quotes: `"like this"`'),
    (r"\[|\]", "write a list without brackets and spaces: `0.5,0.5`"),
    (r":", "a setting is a name, `=` and a value: `k=5`"),
    (r"\{", "put `{` on the line of the statement it belongs to"),
    (r"/\*|\*/|--|<!", "a comment begins with `#` and ends with the line"),
    (r"//", "arithmetic lives in parentheses: `(width//2)`; a comment begins with `#`"),
    (r"%", "half is `0.5`, not 50 %; a remainder lives in parentheses: `(width%2)`"),
    (r"\*|/|\+|-|\^", "arithmetic lives in parentheses: `(width*2)`"),
    (r"\\", "a statement stands on one line, a path in quotes"),
    (r"\||&", "separate statements by `;`"),
    (r"as$", "a statement has one label, and it comes last"),
    (r"\.", "a name may hold points but not end in one: `nn.Hardshrink`"),
)
_BEGINNING = "a statement begins with a name: `conv 3->32 k5`"
_NUMBER = "numbers are written `3`, `0.5`, `1e-3`, `150k`, sizes `3x32x32`"
_NOT_FINITE = re.compile(r"[-+]?(inf|infinity|nan)", re.IGNORECASE)
_COMMENT = "a comment begins with `#`"
WINDOW = 300
"""How far around a problem one looks, so that a long line takes no longer than a short one."""


class SyntaxFault(NamedTuple):
    """What is wrong with a draft: the characters from `start` up to `end`, and what could stand there instead."""

    code: Code
    message: str
    start: int
    end: int
    help: str | None = None
    expected: frozenset[str] = frozenset()


def problem(unread: Unread, draft: Draft) -> SyntaxFault:
    """Why a draft could not be read on."""
    if unread.kind == "end":
        end = len(draft.text)
        message = text("expected {expected}, found the end of the statement", expected=_words(unread.expected))
        return SyntaxFault(UNEXPECTED_WORD, message, end, end, None, unread.expected)
    end = _word_end(draft.text, unread.at)
    found = draft.text[unread.at : end]
    if unread.kind == "glued":
        return SyntaxFault(
            UNEXPECTED_WORD, text("expected a space before {found}", found=quoted(found)), unread.at, end
        )
    if unread.kind == "character" and found != ",":
        words = _NUMBER if re.match(r"-?\.?\d", found) else _advice(found)
        return SyntaxFault(UNREADABLE_CHARACTER, _unreadable(found), unread.at, end, words)
    message, advice = _unexpected(found, draft.text[: unread.at], unread.expected)
    return SyntaxFault(UNEXPECTED_WORD, message, unread.at, end, advice, unread.expected)


def _unreadable(found: str) -> str:
    if found == '"':
        return text("{found} opens a text that is never closed", found=quoted(found))
    odd = len(found) == 1 and not (found.isascii() and found.isprintable())
    unnamed = text("a lone surrogate") if "\ud800" <= found <= "\udfff" else text("a control character")
    kind = unicodedata.name(found[0], unnamed)
    if not odd:
        return text("cannot read {found}", found=quoted(found))
    return text("cannot read {found} ({character})", found=quoted(found), character=kind.lower())


def _unexpected(found: str, before: str, expected: frozenset[str]) -> tuple[Text, str | None]:
    """The message for a word out of place, and what to write."""
    if not before:
        comment = re.match(r"%|//|--|/\*|<!", found)
        words = _COMMENT if comment else _advice(found) if found == "{" else _BEGINNING
        return text("expected a name, found {found}", found=quoted(found)), words
    empty = re.compile(r"([^\W\d][\w.]*)\s*=\s*[^\W\d][\w.]*\s*$").search(before[-WINDOW:])
    if empty and found == "=":
        return text("`{name}=` has no value", name=empty[1]), text("write one, or delete `{name}=`", name=empty[1])
    if _NOT_FINITE.fullmatch(found):
        return _not_expected(expected, found), "a number is finite: write a large one, as `1e9`"
    advice = None if expected >= _OPERAND and not expected >= _ITEM else _advice(found)
    return _not_expected(expected, found), advice


def _not_expected(expected: frozenset[str], found: str) -> Text:
    return text("expected {expected}, found {found}", expected=_words(expected), found=quoted(found))


def _word_end(draft: str, at: int) -> int:
    """Where the word (or the one sign) that begins at an offset ends."""
    match = re.compile(r"-?[\w.]+|->|=>|==|//|<=|>=|/\*|\*/|--|.", re.DOTALL).match(draft, at)
    return match.end() if match else at


def _words(terminals: frozenset[str]) -> str:
    names = {_FOLDED.get(name, name) for name in terminals}
    if terminals >= _ITEM:
        return text("an argument or the end of the statement") if "_SEPARATOR" in names else text("a value")
    if terminals >= _OPERAND:
        return text("a number, a name or `(`")
    words = [text(_WORDS[name]) for name in _WORDS if name in names]
    return join_or(words) if words else ""


def _advice(found: str) -> str | None:
    """What to write, where no more is known than what was found."""
    return next((words for pattern, words in _ADVICE if re.match(pattern, found)), None)


def quoted(found: str) -> str:
    """A piece of source in backticks, what cannot be printed as its escape."""
    if found == "`":
        return "a backtick"
    shown = found if found.isprintable() else found.encode("unicode_escape").decode("ascii")
    return f"`{shown}`" if len(shown) <= 40 else f"`{shown[:39]}…`"
