"""What lark could not read, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lark.exceptions import UnexpectedInput, UnexpectedToken

from netdsl.diagnostics import Diagnostic
from netdsl.language.recovery import Piece
from netdsl.source import Source, Span

_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "SIZE": "a size such as `3x32x32`",
    "STRING": "a text in quotes",
    "ARROW": "`->`",
    "EQUAL": "`=`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "TIMES": "an operator",
    "_SEPARATOR": "a new line or `;`",
}
_FOLDED = {"PLUS": "TIMES", "MINUS": "TIMES", "SHORT": "NAME", "$END": "_SEPARATOR"}
_ITEM = {"NAME", "NUMBER", "STRING", "SHORT"}

_CALL = "arguments follow the name, separated by spaces: `conv 3->32 k5`"
_HINTS = (
    (r"->", "write the sizes right after the name: `conv 3->32 k5`"),
    (r"=>|→|—>|–>", "write `->`"),
    (r",", "write a list without spaces, `0.5,0.5`, and separate arguments by spaces alone"),
    (r"==", "write `=`"),
    (r"<(?!=)|>|>=", "a bound is written `params<=25M`"),
    (r'"', 'close the text with `"` on the same line'),
    (r"'|‘|’|“|”", 'write texts in straight double quotes, `"like this"`'),
    (r"[；：，（）｛｝＝]", "write the ASCII character instead"),
    (r"\[|\]", "write a list without brackets, `0.5,0.5`"),
    (r":", "settings are written `name=value`"),
    (r"\{", "put `{` on the line of the statement it belongs to"),
    (r"//", "a comment begins with `#`"),
    (r"\*|/|\+|%|-", "arithmetic lives in parentheses: `(width*2)`"),
)


def explain(error: UnexpectedInput, source: Source, piece: Piece) -> Diagnostic:
    """The diagnostic for what lark met in a statement."""
    called = re.compile(r"[\w.]+\(").match(source.text, piece.start)
    if called:
        return Diagnostic(
            "NET002", "expected a space, found `(`", source.span(called.end() - 1, called.end()), help=_CALL
        )
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return _cut_short(error, source, piece)
    span = _offending(source, min((error.pos_in_stream or 0) + piece.start, len(source.text)))
    if not isinstance(error, UnexpectedToken):
        return Diagnostic("NET001", f"cannot read {quoted(span.text)}", span, help=_hint(span))
    expected = _expected(error.accepts or error.expected)
    return Diagnostic("NET002", f"expected {expected}, found {quoted(span.text)}", span, help=_hint(span))


def _cut_short(error: UnexpectedToken, source: Source, piece: Piece) -> Diagnostic:
    expected = _expected(error.accepts or error.expected)
    span = source.span(max(piece.start, piece.end - 1), piece.end)
    return Diagnostic("NET002", f"expected {expected}, found the end of the statement", span)


def _offending(source: Source, at: int) -> Span:
    """The word (or the one sign) that begins at an offset."""
    match = re.compile(r"[\w.]+|->|=>|==|//|<=|>=|.", re.DOTALL).match(source.text, at)
    return source.span(at, match.end() if match else at)


def _expected(terminals: Iterable[str]) -> str:
    names = {_FOLDED.get(name, name) for name in terminals}
    if set(terminals) >= _ITEM:
        return "a setting, a value or the end of the statement" if "_SEPARATOR" in names else "a value"
    if names == {"NAME"}:
        return "a name"
    words = [words for name, words in _WORDS.items() if name in names]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "something else"


def _hint(span: Span) -> str | None:
    return next((hint for pattern, hint in _HINTS if re.match(pattern, span.text)), None)


def quoted(text: str) -> str:
    """The text in backticks, what cannot be printed as its escape."""
    shown = text if text.isprintable() and text != "`" else text.encode("unicode_escape").decode("ascii")
    return f"`{shown[:40]}`" if len(shown) <= 40 else f"`{shown[:39]}…`"
