"""Where a cursor stands, told from the characters before it: the statement may be half-written and the braces open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Braces and separators count outside strings and comments alone; a string may still be open at the cursor.
_MARK = re.compile(r"""#[^\n]*|"[^"\n]*(?:"|$)|[{};\n]""", re.MULTILINE)
_WORD = re.compile(r"""[^\s;{}"()]*\Z""")
_PARTIAL = re.compile(r"[^\W\d][\w.]*\Z")


@dataclass(frozen=True)
class Cursor:
    """A place in a text.

    Args:
        offset: where it is.
        start: where its statement begins.
        written: the statement up to the cursor, without the blanks before it.
        around: the statements whose bodies it stands in, the outermost first, each up to its brace.
        in_comment, in_string: whether it stands in one.
    """

    offset: int
    start: int
    written: str
    around: Sequence[str]
    in_comment: bool = False
    in_string: bool = False

    @property
    def word(self) -> str:
        """What is written since the last blank: `pad`, `stride=`, `3->`."""
        return "" if self.in_string else _WORD.search(self.written)[0]  # type: ignore[index]  # it may be empty

    @property
    def partial(self) -> str:
        """The name that is being written: `pa` of `p=pa`; empty where none is."""
        found = _PARTIAL.search(self.word)
        return found[0] if found else ""

    @property
    def before(self) -> list[str]:
        """The words of the statement that are complete."""
        return self.written[: len(self.written) - len(self.word)].split()

    @property
    def head(self) -> str:
        """The word that the statement begins with, once it is complete."""
        return self.before[0] if self.before else ""

    @property
    def in_parenthesis(self) -> bool:
        """Whether it stands in arithmetic."""
        outside = re.sub(r'"[^"]*"?', "", self.written)
        return outside.count("(") > outside.count(")")


def find_cursor(text: str, offset: int) -> Cursor:
    """Where an offset stands."""
    around: list[tuple[int, int]] = []
    start = 0
    for mark in _MARK.finditer(text, 0, offset):
        sign = mark[0][0]
        if sign in '#"':
            if mark.end() == offset and (sign == "#" or len(mark[0]) == 1 or not mark[0].endswith('"')):
                kind = {"in_comment": sign == "#", "in_string": sign == '"'}
                return _placed(text, offset, start, around, **kind)
            continue
        if sign == "{":
            around.append((start, mark.start()))
        elif sign == "}" and around:
            # What stands behind a body goes on with the statement that the body belongs to.
            start = around.pop()[0]
            continue
        start = mark.end()
    return _placed(text, offset, start, around)


def _placed(
    text: str, offset: int, start: int, around: Sequence[tuple[int, int]], *, in_comment: bool = False,
    in_string: bool = False,
) -> Cursor:  # fmt: skip
    while start < offset and text[start] in " \t\r":
        start += 1
    heads = [text[begin:end].strip() for begin, end in around]
    return Cursor(offset, start, text[start:offset], heads, in_comment, in_string)
