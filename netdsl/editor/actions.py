"""What can be done about a part of a text: the fixes of its mistakes, and rewritings that keep the net what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from netdsl.checker import check_traced, diagnose
from netdsl.checker.memory import Memory
from netdsl.core.diagnostics import Diagnostic, Edit
from netdsl.core.fixes import compatible, fix
from netdsl.core.source import Source
from netdsl.core.text import ntext
from netdsl.editor.outputs import common_prefix, common_suffix
from netdsl.editor.reading import Reading
from netdsl.editor.rewritings import rewritings

Kind = Literal["fix", "fix all", "rewrite", "extract", "inline"]


class Action(NamedTuple):
    """Something that can be done.

    Args:
        title: what it does.
        kind: a `fix` of `diagnostics`; `fix all`, every safe one; `rewrite`, `extract` and `inline` say it otherwise.
        edits: what it changes; a fix may reach into a file that is used.
        preferred: whether it is surely what was meant.
        diagnostics: what it puts right.
    """

    title: str
    kind: Kind
    edits: tuple[Edit, ...]
    preferred: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()


def actions(reading: Reading, start: int, end: int | None = None) -> list[Action]:
    """What can be done about the text between two offsets, or at one."""
    end = start if end is None else end
    return [*fixes(reading, start, end), *_fix_alls(reading, start, end), *_rewritten(reading, start, end)]


def fixes(reading: Reading, start: int, end: int) -> Iterator[Action]:
    """The fixes of the mistakes that a part of the text touches, in the order of the text."""
    for found in reading.diagnostics:
        span = found.span
        if found.fix is not None and span.source is reading.source and span.start <= end and start <= span.end:
            yield Action(found.fix.message, "fix", found.fix.edits, found.fix.safe, (found,))


def fix_all(reading: Reading) -> Action | None:
    """Every safe fix that leaves fewer mistakes behind than it found, as `netdsl fix` applies them."""
    source, registry, memory = reading.source, reading.registry, Memory()
    fixed = fix(source, lambda new: diagnose(check_traced(new, registry, reading.folder, memory), registry))
    if not fixed.applied:
        return None
    title = ntext("apply {count} safe fix", "apply all {count} safe fixes", count=len(fixed.applied))
    return Action(title, "fix all", (difference(source, fixed.source.text),), diagnostics=fixed.applied)


def difference(source: Source, new: str) -> Edit:
    """The one edit that makes a text another."""
    same = common_prefix(source.text, new)
    tail = common_suffix(source.text, new, same)
    return Edit(source.span(same, len(source.text) - tail), new[same : len(new) - tail])


def _fix_alls(reading: Reading, start: int, end: int) -> Iterator[Action]:
    # It is offered beside a fix, and only where there is more than one.
    safe = [found for found in reading.diagnostics if found.fix is not None and found.fix.safe]
    touched = any(found.span.start <= end and start <= found.span.end for found in safe)
    if touched and len(compatible(reading.source, safe)) > 1 and (every := fix_all(reading)):
        yield every


def _rewritten(reading: Reading, start: int, end: int) -> Iterator[Action]:
    yield from (Action(one.title, one.kind, one.edits) for one in rewritings(reading, start, end))
