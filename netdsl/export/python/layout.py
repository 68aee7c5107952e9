"""Python expressions in the layout of `black`: on one line if they fit, else one element per line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from textwrap import wrap

WIDTH = 88  # black's own
INDENT = 4


@dataclass(frozen=True, slots=True)
class InlineText:
    """A text that is never broken into lines: a name, a number, a short formula."""

    text: str


@dataclass(frozen=True, slots=True)
class Argument:
    """One element of a call or a tuple, with its comment."""

    value: Expression
    keyword: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """`nn.Conv2d(3, 32, 5)`, `(1, 2)`: elements between an opening and a closing bracket."""

    opening: str
    elements: tuple[Argument, ...]
    closing: str = ")"


@dataclass(frozen=True, slots=True)
class Repeated:
    """`*(encoder for _ in range(6))`: repeated elements, of which each is made anew."""

    elements: tuple[Argument, ...]
    count: str


@dataclass(frozen=True, slots=True)
class Optional:
    """`shortcut if condition else None`."""

    value: Expression
    condition: str


Expression = InlineText | Group | Repeated | Optional


def literal(value: object) -> Expression:
    """A value of the language as Python writes it."""
    if isinstance(value, tuple):
        # Python reads `(3)` as a number.
        comma = "," if len(value) == 1 else ""
        return Group("(", tuple(Argument(literal(element)) for element in value), f"{comma})")
    if isinstance(value, str):
        # JSON uses double quotes, as `black` does.
        return InlineText(json.dumps(str(value), ensure_ascii=False))
    if isinstance(value, float):
        return InlineText(
            f'float("{value}")' if not isfinite(value) else re.sub(r"e([+-])0?(\d)", _exponent, repr(value))
        )
    return InlineText(repr(value))


def _exponent(found: re.Match[str]) -> str:
    """`1e-6`, for which `repr` writes `1e-06`."""
    return f"e{found[1].strip('+')}{found[2]}"


def flat(expression: Expression) -> str | None:
    """The expression on one line; None if a comment inside it, or its kind, does not allow that."""
    match expression:
        case InlineText(text):
            return text
        case Group(opening, elements, closing):
            inside = _flat_elements(elements)
            return None if inside is None else f"{opening}{inside}{closing}"
        case Repeated((element,), count):
            inside = flat(element.value)
            return None if inside is None else f"*({inside} for _ in range({count}))"
        case Optional(value, condition):
            inside = flat(value)
            return None if inside is None else f"{inside} if {condition} else None"
    return None


def _flat_elements(elements: Iterable[Argument]) -> str | None:
    parts = []
    for element in elements:
        value = flat(element.value)
        if value is None or element.comment:
            return None
        parts.append(f"{_prefix(element)}{value}")
    return ", ".join(parts)


def lay_out(
    expression: Expression, indent: int = 0, prefix: str = "", suffix: str = "", comment: str = ""
) -> Iterator[str]:
    """The lines of `prefix expression suffix`. A comment stands at the end of the line if it fits, else above."""
    if isinstance(expression, Repeated) and len(expression.elements) == 1 and not comment:
        # The comment of the only element belongs to the whole loop.
        comment = expression.elements[0].comment
    margin, line = " " * indent, flat(expression)
    if line is not None and len(margin + prefix + line + suffix) <= WIDTH:
        yield from _commented(f"{margin}{prefix}{line}{suffix}", comment, indent)
        return
    if isinstance(expression, InlineText):
        yield from _commented(f"{margin}{prefix}{expression.text}{suffix}", comment, indent)
        return
    # Too long for one line: the brackets have their own lines, with the elements between them.
    opening, closing, inside = _exploded(expression, indent + INDENT)
    yield from _commented(f"{margin}{prefix}{opening}", comment, indent)
    yield from inside
    yield f"{margin}{closing}{suffix}"


def _exploded(expression: Group | Repeated | Optional, indent: int) -> tuple[str, str, Iterator[str]]:
    """The opening and closing brackets, and the lines between them."""
    match expression:
        case Group(opening, elements, closing):
            together = _flat_elements(elements)
            # `black` puts the elements on one line together, except those with a trailing comma.
            if together is not None and indent + len(together) <= WIDTH and closing == ")":
                return opening, closing, iter([" " * indent + together])
            return opening, closing.lstrip(","), _elements(elements, indent)
        case Repeated(elements, count):
            return "*(", ")", _repetition(elements, count, indent)
        case Optional(value, condition):
            return "(", ")", _in_parts(value, (f"if {condition}", "else None"), indent)


def _elements(elements: Iterable[Argument], indent: int) -> Iterator[str]:
    for element in elements:
        yield from lay_out(element.value, indent, _prefix(element), ",", element.comment)


def _repetition(elements: tuple[Argument, ...], count: str, indent: int) -> Iterator[str]:
    margin, loop = " " * indent, f"for _ in range({count})"
    if len(elements) == 1:
        yield from _in_parts(elements[0].value, (loop,), indent)
        return
    yield f"{margin}layer"
    yield f"{margin}{loop}"
    yield f"{margin}for layer in ("
    yield from _elements(elements, indent + INDENT)
    yield f"{margin})"


def _in_parts(value: Expression, rest: tuple[str, ...], indent: int) -> Iterator[str]:
    """A value and the words after it, on one line if they fit, else one line for each."""
    margin, line = " " * indent, flat(value)
    together = None if line is None else margin + " ".join((line, *rest))
    if together is not None and len(together) <= WIDTH:
        yield together
        return
    yield from lay_out(value, indent)
    yield from (margin + words for words in rest)


def _prefix(element: Argument) -> str:
    return f"{element.keyword}=" if element.keyword else ""


def _commented(line: str, comment: str, indent: int) -> Iterator[str]:
    behind = f"{line}  # {comment}"
    if not comment:
        yield line
    elif len(behind) <= WIDTH:
        yield behind
    else:
        yield from comment_lines(comment, indent)
        yield line


def comment_lines(text: str, indent: int) -> Iterator[str]:
    """A comment on lines of its own."""
    margin = " " * indent + "# "
    yield from (margin + line for line in wrap(text, WIDTH - len(margin), break_long_words=False))
