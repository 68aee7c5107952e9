"""The canonical text of a program: one way to write everything, with the author's comments and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source, Span
from netdsl.language import syntax
from netdsl.language.parser import parse
from netdsl.language.syntax import Body, Statement

COLUMNS = 100
INDENT = " " * 2

_BETWEEN = re.compile(r"#[^\n]*|\n")


def format_source(source: Source) -> tuple[str, list[Diagnostic]]:
    """The canonical text of a source; one with syntax errors is left as it is, and they are returned."""
    file, diagnostics = parse(source)
    return (source.text, diagnostics) if diagnostics else (format_tree(file), [])


def format_tree(file: syntax.File) -> str:
    """The canonical text of a tree, with the comments, blank lines and line breaks of its source if it has any."""
    layout = _Layout(file.source.text)
    everything = Span(file.source, 0, len(file.source.text))
    layout.statements(file.statements, everything, 0, apart=not file.source.text)
    return "".join(f"{line}\n" for line in _aligned(layout.lines))


def write(node: syntax.Item | syntax.Term | syntax.Flow | Statement) -> str:
    """A node on one line; a number, a size or a short as its author spelled it."""
    match node:
        case syntax.Number() | syntax.Size() | syntax.Short():
            return node.span.text or _spelled(node)
        case syntax.Name(text):
            return text
        case syntax.String(text):
            return f'"{text}"'
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
            items = (_gap(before, item) + write(item) for before, item in pairwise([None, *node.items]) if item)
            return " ".join(_head(node)) + "".join(items) + "".join(f" {word}" for word in _label(node))


def _head(statement: Statement) -> Iterator[str]:
    yield statement.name.text
    if statement.flow:
        yield write(statement.flow)


def _gap(before: syntax.Item | None, item: syntax.Item) -> str:
    """What stands between two items: nothing in `p0.5` or `p=p0.5`, a mistake that is read as `p0` and `.5`."""
    if isinstance(before, syntax.Setting):
        before = before.value
    is_one = isinstance(before, (syntax.Short, syntax.Name)) and isinstance(item, syntax.Number)
    return "" if is_one and before is not None and before.span.text and before.span.end == item.span.start else " "


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
        for before, item in pairwise([None, *statement.items]):
            assert item is not None
            self.lines[-1].code += _gap(before, item)
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
        return len(self.lines[-1].code) + len(text) <= COLUMNS


def _aligned(lines: Sequence[_Line]) -> Iterator[str]:
    """The lines as text; in a paragraph, comments that stood in one column still do."""
    for _, paragraph in groupby(lines, key=lambda line: bool(line.code or line.comment)):
        block = list(paragraph)
        widths = {0: 0}
        for line in block:
            if line.column:
                widths[line.column] = max(widths.get(line.column, 0), len(line.code) + 2)
        yield from ((line.code.ljust(widths[line.column]) + line.comment).rstrip() for line in block)
