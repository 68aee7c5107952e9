"""Diagnostics for people, for grep and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source, Span
from netdsl.core.text import Text, english, ntext
from netdsl.core.translation import translate
from netdsl.render.cells import Paint, painter, visible, width
from netdsl.render.snippet import QUIET, Mark, Style, marks, snippet

LOUD: dict[str, Style] = {"error": {"fg": "red", "bold": True}, "warning": {"fg": "yellow", "bold": True}}


def render_text(diagnostics: Sequence[Diagnostic], *, color: bool = False, columns: int = 100) -> str:
    """Every diagnostic with the lines it speaks of, and a last line that counts them; empty where there is none."""
    if not diagnostics:
        return ""
    paint = painter(color)
    blocks = ["\n".join(_block(diagnostic, columns, paint)) for diagnostic in diagnostics]
    return "\n\n".join([*blocks, count(diagnostics)]) + "\n"


def render_concise(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """One line each: `file:9:8: error[NET201]: message`."""
    paint = painter(color)
    return "".join(f"{_place(diagnostic.span)}: {_heading(diagnostic, paint)}\n" for diagnostic in diagnostics)


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The list that other tools read: 1-based lines and columns, 0-based offsets, all in characters."""
    import json  # a program's question, not a person's

    return json.dumps([_record(diagnostic) for diagnostic in diagnostics], indent=2) + "\n"


def count(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    severities = Counter(diagnostic.severity for diagnostic in diagnostics)
    found = []
    if severities["error"]:
        found.append(ntext("{count} error", "{count} errors", count=severities["error"]))
    if severities["warning"]:
        found.append(ntext("{count} warning", "{count} warnings", count=severities["warning"]))
    return ", ".join(found)


def _block(diagnostic: Diagnostic, columns: int, paint: Paint) -> Iterator[str]:
    found = _marks(diagnostic)
    gutter = len(str(max(mark.line for group in found.values() for mark in group)))
    margin = " " * (gutter + 2)
    yield _heading(diagnostic, paint)
    for source, group in found.items():
        primary = source is diagnostic.span.source
        place = _place(diagnostic.span) if primary else f"{visible(source.name)}:{min(mark.line for mark in group)}"
        yield f"{margin[1:]}{paint('-->' if primary else ':::', **QUIET)} {place}"
        yield f"{margin}{paint('|', **QUIET)}"
        yield from snippet(source, group, gutter, columns - len(margin) - 2, paint)
    fix = diagnostic.fix
    heading = translate("fix" if fix is None or fix.safe else "unsafe fix")
    for word, said in ((heading, fix and fix.message), (translate("help"), diagnostic.help)):
        if said:
            # The help may be an example of several lines.
            first, *more = translate(said).split("\n")
            yield f"{margin}{paint('=', **QUIET)} {paint(word, bold=True)}: {visible(first)}"
            yield from (f"{margin}    {' ' * width(word)}{visible(line)}" for line in more)


def _marks(diagnostic: Diagnostic) -> dict[Source, list[Mark]]:
    """The marks of each source, the diagnostic's own first."""
    span = diagnostic.span
    found = {span.source: marks(span, translate(diagnostic.caption), "^", LOUD[diagnostic.severity])}
    for label in diagnostic.labels:
        found.setdefault(label.span.source, []).extend(marks(label.span, translate(label.text), "-", QUIET))
    return found


def _heading(diagnostic: Diagnostic, paint: Paint) -> str:
    kind = paint(f"{translate(diagnostic.severity)}[{diagnostic.code}]", **LOUD[diagnostic.severity])
    return kind + paint(f": {visible(translate(diagnostic.message))}", bold=True)


def _place(span: Span) -> str:
    line, column = span.position
    return f"{visible(span.source.name)}:{line}:{column}"


def _record(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        **_said(diagnostic.message),
        **_range(diagnostic.span),
        "labels": [{"text": english(label.text), **_range(label.span)} for label in diagnostic.labels],
        "help": diagnostic.help and english(diagnostic.help),
        "fix": _fix(diagnostic),
    }


def _said(message: str) -> dict[str, object]:
    """The message in English, with its template and the fields, so that who reads it may translate it."""
    if not isinstance(message, Text):
        return {"message": message, "template": message, "fields": {}}
    fields = {name: english(str(value)) for name, value in message.fields.items()}
    return {"message": english(message), "template": message.template, "fields": fields}


def _range(span: Span) -> dict[str, object]:
    start, end = span.position, span.end_position
    return {
        "file": span.source.name,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    }


def _fix(diagnostic: Diagnostic) -> dict[str, object] | None:
    """The edits; none where one of them is in another file than the diagnostic, which offsets alone cannot say."""
    if diagnostic.fix is None or any(edit.span.source is not diagnostic.span.source for edit in diagnostic.fix.edits):
        return None
    return {
        "edits": [{"start": edit.span.start, "end": edit.span.end, "text": edit.text} for edit in diagnostic.fix.edits],
        "safe": diagnostic.fix.safe,
    }
