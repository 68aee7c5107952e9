"""The canonical text of a program: one way to write everything, with the author's comments and numbers."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.source import Source, Span
from netdsl.language import syntax
from netdsl.language.parser import parse
from netdsl.language.syntax import Body, Name, Statement

COLUMNS = 100
INDENT = " " * 2

_BETWEEN = re.compile(r"#[^\n]*|\n")


def format_source(source: Source, mistakes: Iterable[Diagnostic] = ()) -> tuple[str, list[Diagnostic]]:
    """The canonical text of a source; one with syntax errors is left as it is, and they are returned.

    Args:
        source: the text.
        mistakes: what its check has found: a statement with an error stays as its author wrote it, for what was meant
            may hang on how it is written.
    """
    file, diagnostics = parse(source)
    if diagnostics:
        return source.text, diagnostics
    places = sorted(one.span.start for one in errors(mistakes) if one.span.source == source)
    return format_tree(replace(file, statements=_kept(file.statements, places)) if places else file), []


def format_tree(file: syntax.File) -> str:
    """The canonical text of a tree, with the comments, blank lines and line breaks of its source if it has any."""
    layout = _Layout(file.source.text)
    everything = Span(file.source, 0, len(file.source.text))
    layout.statements(file.statements, everything, 0, apart=not file.source.text)
    return "".join(f"{line}\n" for line in _aligned(layout.lines))


def _kept(statements: Sequence[Statement], places: Sequence[int]) -> tuple[Statement, ...]:
    """The statements, with the innermost of each place that a mistake begins at as one name: its own text."""
    return tuple(_kept_within(one, inside) if (inside := _between(places, one.span)) else one for one in statements)


def _kept_within(statement: Statement, places: Sequence[int]) -> Statement:
    bodies = [item for item in statement.items if isinstance(item, Body)]
    inner = [one.span for body in bodies for one in body.statements]
    if sum(len(_between(places, span)) for span in inner) < len(places):
        span = statement.span
        return Statement(Name(span.text, span), None, (), None, span)
    kept = (
        replace(item, statements=_kept(item.statements, places)) if isinstance(item, Body) else item
        for item in statement.items
    )
    return replace(statement, items=tuple(kept))


def _between(places: Sequence[int], span: Span) -> Sequence[int]:
    """Those of some places, in their order, that lie in a part of the text."""
    return places[bisect_left(places, span.start) : bisect_left(places, span.end)]


def write(node: syntax.Item | syntax.Term | syntax.Flow | Statement) -> str:
    """A node on one line; a number, a size or a short as its author spelled it."""
    match node:
        case syntax.Number() | syntax.Size() | syntax.Short():
            return node.span.text or _spelled(node)
        case syntax.Name(text):
            return text
        case syntax.String(text):
            # `torchvision:resnet18` is a name of several parts, and no path that may hold a blank one day.
            return text if ":" in text and node.span.text == text else f'"{text}"'
        case syntax.Hole():
            return "?"
        case syntax.Negative(operand):
            # `-1` would be read as a number
            return f"- {write(operand)}" if isinstance(operand, syntax.Number) else f"-{write(operand)}"
        case syntax.Operation(operators, operands):
            return "".join(sign + write(term) for sign, term in zip(("", *operators), operands, strict=True))
        case syntax.Parenthesis(inside):
            return f"({write(inside)})"
        case syntax.Sequence(elements):
            return ",".join(map(write, elements))
        case syntax.Flow(left, right):
            return f"{write(left) if left else ''}->{write(right)}"
        case syntax.Setting(name, value):
            return f"{name.text}={write(value)}"
        case syntax.Bound(name, limit, _, relation):
            return f"{name.text}{relation}{write(limit)}"
        case Body(statements):
            return " ".join(["{", "; ".join(map(write, statements)), "}"]) if statements else "{ }"
        case Statement():
            return " ".join([*_head(node), *map(write, node.items), *_label(node)])


def _head(statement: Statement) -> Iterator[str]:
    yield statement.name.text
    if statement.flow:
        yield write(statement.flow)


def _label(statement: Statement) -> Iterator[str]:
    if statement.label:
        yield f"as {statement.label.text}"


def _spelled(node: syntax.Number | syntax.Size | syntax.Short) -> str:
    """The text of a node that no author has written."""
    if isinstance(node, syntax.Short):
        return node.letter + write(node.value)
    return "x".join(map(str, node.dims)) if isinstance(node, syntax.Size) else repr(node.value)


@dataclass
class _Line:
    """A line on its way: code, and a comment with the column of the source that it stood in (0, on its own line)."""

    code: str
    opening: bool = False
    comment: str = ""
    column: int = 0

    @property
    def width(self) -> int:
        """The columns that the code takes; what stays as its author wrote it may have several lines."""
        return len(self.code) - 1 - self.code.rfind("\n")


class _Layout:
    """Lines, filled from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: list[_Line] = []

    def statements(self, statements: Sequence[Statement], within: Span, depth: int, *, apart: bool = False) -> None:
        """Lays out what stands in a part of the source; `apart`, statements joined by `;` part ways."""
        at, joined = within.start, False
        for statement in statements:
            newlines = self._between(at, statement.span.start, depth)
            if joined and not newlines and not apart:
                self.lines[-1].code += "; "
            else:
                self._begin(depth, blank=newlines > 1)
            self._statement(statement, depth)
            at, joined = statement.span.end, True
        self._between(at, within.end, depth)

    def _between(self, start: int, end: int, depth: int) -> int:
        """Puts the comments between two statements in their places; how many line breaks come after them."""
        newlines = 0
        for mark in _BETWEEN.finditer(self.text, start, end):
            if mark[0] == "\n":
                newlines += 1
                continue
            if newlines or not self.lines or self.lines[-1].comment:
                self._begin(depth, blank=newlines > 1)
            line = self.lines[-1]
            line.comment = mark[0].rstrip()
            line.column = mark.start() - self.text.rfind("\n", 0, mark.start()) if line.code.strip() else 0
            newlines = 0
        return newlines

    def _begin(self, depth: int, *, blank: bool = False) -> None:
        if blank and self.lines and not self.lines[-1].opening:
            self.lines.append(_Line(""))
        self.lines.append(_Line(INDENT * depth))

    def _statement(self, statement: Statement, depth: int) -> None:
        whole = "\n" not in statement.span.text
        if whole and self._fits(flat := write(statement)):
            self.lines[-1].code += flat
            return
        self.lines[-1].code += " ".join(_head(statement))
        for item in statement.items:
            self.lines[-1].code += " "
            if isinstance(item, Body) and self._expands(item, whole):
                self._body(item, depth)
            else:
                self.lines[-1].code += write(item)
        self.lines[-1].code += "".join(f" {word}" for word in _label(statement))

    def _expands(self, body: Body, whole: bool) -> bool:
        """Whether a body takes several lines: as in the source, or because its statement is too long for one."""
        if "\n" in body.span.text:
            return bool(body.statements) or "#" in body.span.text
        return bool(body.statements) and (whole or not self._fits(write(body)))

    def _body(self, body: Body, depth: int) -> None:
        source, start, end = body.span
        self.lines[-1].code += "{"
        self.lines[-1].opening = True
        apart = "\n" not in body.span.text
        self.statements(body.statements, Span(source, start + 1, end - 1), depth + 1, apart=apart)
        self._begin(depth)
        self.lines[-1].code += "}"

    def _fits(self, text: str) -> bool:
        return self.lines[-1].width + len(text) <= COLUMNS


def _aligned(lines: Sequence[_Line]) -> Iterator[str]:
    """The lines as text; in a paragraph, comments that stood in one column still do."""
    for _, paragraph in groupby(lines, key=lambda line: bool(line.code or line.comment)):
        block = list(paragraph)
        widths = {0: 0}
        for line in block:
            if line.column:
                widths[line.column] = max(widths.get(line.column, 0), line.width + 2)
        yield from ((line.code + " " * (widths[line.column] - line.width) + line.comment).rstrip() for line in block)
