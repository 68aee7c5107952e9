"""Edits that take a statement out of a text, or change an argument of it."""

from __future__ import annotations

from netdsl.core.diagnostics import Edit, Fix
from netdsl.core.source import Source, Span
from netdsl.language.syntax import Body, Flow, Name, Setting, Short, Statement


def delete(statement: Statement) -> Fix | None:
    """Takes the statement out, with the line where it stands alone; None where it has a label, which may be used."""
    if statement.label:
        return None
    return Fix("delete it", (Edit(_extent(statement.span), ""),))


def without_bias(statement: Statement) -> Fix | None:
    """Writes `bias=false` in the statement of a layer; None where its arguments are too many to tell."""
    values = [item for item in statement.items if not isinstance(item, (Setting, Short, Body))]
    for item in statement.items:
        if isinstance(item, Setting) and item.name.text == "bias":
            return _write(item.span)
        if isinstance(item, Name) and item.text == "bias":
            return _write(item.span)
    if len(values) > 3:
        return None
    last: Name | Flow = statement.flow or statement.name
    end = statement.items[-1].span.end if statement.items else last.span.end
    return _write(Span(statement.span.source, end, end), " ")


def without(statement: Statement, name: str) -> Fix | None:
    """Takes the argument of a name out of a statement; None where it is not given by its name."""
    for item in statement.items:
        named = item.name if isinstance(item, Setting) else item
        if isinstance(named, Name) and named.text == name:
            source, start, end = item.span
            while source.text[start - 1] in " \t":
                start -= 1
            return Fix(f"leave `{name}` out", (Edit(Span(source, start, end), ""),))
    return None


def _write(span: Span, before: str = "") -> Fix:
    return Fix("write `bias=false`", (Edit(span, f"{before}bias=false"),))


def _extent(span: Span) -> Span:
    """The statement and what separates it from its neighbours."""
    source, text = span.source, span.source.text
    start, end = text.rfind("\n", 0, span.start) + 1, _line_end(source, span.end)
    before, after = text[start : span.start], text[span.end : end]
    if before.rstrip().endswith(";"):
        return Span(source, start + len(before.rstrip().removesuffix(";").rstrip()), span.end)
    if after.lstrip().startswith(";"):
        follows = after.lstrip()[1:]
        return Span(source, span.start, end - len(follows.lstrip(" \t")))
    if not before.strip() and not after.strip():
        return Span(source, start, min(end + 1, len(text)))
    return span


def _line_end(source: Source, at: int) -> int:
    end = source.text.find("\n", at)
    return len(source.text) if end < 0 else end
