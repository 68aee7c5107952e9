"""Edits that take a statement out of a text, change an argument of it, or add a transform."""

from __future__ import annotations

from netdsl.core.diagnostics import Edit, Fix
from netdsl.core.source import Source, Span
from netdsl.core.text import text
from netdsl.language.syntax import Body, Name, Setting, Statement


def delete(statement: Statement) -> Fix | None:
    """Takes the statement out, with the line where it stands alone; None where it has a label, which may be used.

    The layers after it are then counted otherwise, so that a saved `state_dict` may fit no more: the fix is unsafe.
    """
    if statement.label:
        return None
    return Fix("delete it", (Edit(_extent(statement.span), ""),), safe=False)


def without(statement: Statement, name: str) -> Fix | None:
    """Takes the argument of a name out of a statement; None where it is not given by its name."""
    for item in statement.items:
        named = item.name if isinstance(item, Setting) else item
        if isinstance(named, Name) and named.text == name:
            source, start, end = item.span
            # The blank before it goes with it.
            while source.text[start - 1] in " \t":
                start -= 1
            return Fix(text("leave `{name}` out", name=name), (Edit(Span(source, start, end), ""),))
    return None


def with_flag(statement: Statement, name: str) -> Fix:
    """Writes a flag behind the other arguments, or in the place of its setting. It changes what the net computes."""
    fix = text("write `{name}`", name=name)
    for item in statement.items:
        if isinstance(item, Setting) and item.name.text == name:
            return Fix(fix, (Edit(item.span, name),), safe=False)
    last = statement.items[-1].span if statement.items else (statement.flow or statement.name).span
    return Fix(fix, (Edit(Span(last.source, last.end, last.end), f" {name}"),), safe=False)


def append_transform(line: Statement, written: str) -> Fix:
    """Writes a transform at the end of a `data` line, which then prepares its samples otherwise."""
    statements = next((item.statements for item in line.items if isinstance(item, Body)), ())
    last = statements[-1].span if statements else None
    edit = Edit(last.source.span(last.end, last.end), f"; {written}") if last else _with_body(line, written)
    return Fix(text("add `{transform}`", transform=written), (edit,), safe=False)


def prepend_transforms(line: Statement, written: str) -> Edit:
    """Writes transforms at the beginning of a `data` line."""
    statements = next((item.statements for item in line.items if isinstance(item, Body)), ())
    if not statements:
        return _with_body(line, written)
    first = statements[0].span
    return Edit(first.source.span(first.start, first.start), f"{written}; ")


def _with_body(line: Statement, written: str) -> Edit:
    """A body, which the line has not, or which is empty."""
    empty = next((item for item in line.items if isinstance(item, Body)), None)
    place = empty.span if empty else line.span.source.span(line.span.end, line.span.end)
    return Edit(place, f"{{ {written} }}" if empty else f" {{ {written} }}")


def _extent(span: Span) -> Span:
    """The statement and what separates it from its neighbours."""
    source = span.source
    start, end = source.text.rfind("\n", 0, span.start) + 1, _line_end(source, span.end)
    before, after = source.text[start : span.start], source.text[span.end : end]
    if before.rstrip().endswith(";"):
        return Span(source, start + len(before.rstrip().removesuffix(";").rstrip()), span.end)
    if after.lstrip().startswith(";"):
        follows = after.lstrip()[1:]
        return Span(source, span.start, end - len(follows.lstrip(" \t")))
    # Alone in its line, it takes the line break with it.
    if not before.strip() and not after.strip():
        return Span(source, start, min(end + 1, len(source.text)))
    return span


def _line_end(source: Source, at: int) -> int:
    end = source.text.find("\n", at)
    return len(source.text) if end < 0 else end
