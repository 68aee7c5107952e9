"""Fixes, applied: the edits of many diagnostics as one text, and repeating that until nothing more is to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from netdsl.core.diagnostics import Diagnostic, Edit, errors
from netdsl.core.source import Source

ROUNDS = 20
"""A fix may bring another mistake to light; more rounds than this mean that two of them undo each other."""

Check = Callable[[Source], Sequence[Diagnostic]]


class Fixed(NamedTuple):
    """A source after its fixes: what was applied, and what is left."""

    source: Source
    applied: tuple[Diagnostic, ...]
    left: Sequence[Diagnostic]

    @property
    def unsafe(self) -> int:
        """How many of those that are left have an unsafe fix."""
        return sum(one.fix is not None and not one.fix.safe for one in self.left)


def fix(source: Source, check: Check, *, unsafe: bool = False) -> Fixed:
    """Applies every safe fix, or every one, that leaves fewer mistakes behind than it found."""
    best = Fixed(source, (), check(source))
    for _ in range(ROUNDS):
        better = _better(best, check, unsafe)
        if better is None:
            break
        best = better
    return best


def apply(source: Source, diagnostics: Iterable[Diagnostic]) -> str:
    """The text after the fixes of diagnostics that are compatible."""
    text = source.text
    edits = {edit for diagnostic in diagnostics for edit in _edits(diagnostic)}
    # From the end to the start, so that the places of the edits to come stay what they are.
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def compatible(source: Source, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Those that have a fix, of this source alone, and whose edits touch none of those before them."""
    chosen: list[Diagnostic] = []
    taken: list[Edit] = []
    for diagnostic in diagnostics:
        edits = _edits(diagnostic)
        ours = bool(edits) and all(edit.span.source is source for edit in edits)
        if ours and not any(_touch(edit, other) for edit in edits for other in taken):
            chosen.append(diagnostic)
            taken.extend(edits)
    return chosen


def _better(best: Fixed, check: Check, unsafe: bool) -> Fixed | None:
    """One round further: all the fixes at once, else the first that does good alone."""
    chosen = compatible(best.source, (one for one in best.left if one.fix and (one.fix.safe or unsafe)))
    for group in (chosen, *([one] for one in chosen)) if len(chosen) > 1 else [chosen] * len(chosen):
        source = replace(best.source, text=apply(best.source, group))
        left = check(source)
        if _weight(left) < _weight(best.left):
            return Fixed(source, (*best.applied, *group), left)
    return None


def _edits(diagnostic: Diagnostic) -> tuple[Edit, ...]:
    return diagnostic.fix.edits if diagnostic.fix else ()


def _touch(edit: Edit, other: Edit) -> bool:
    """Whether two edits overlap, or insert at one place, where their order would matter."""
    return edit.span.start <= other.span.end and other.span.start <= edit.span.end


# An error less is worth any number of warnings: what is fixed may only now be looked at closely.
def _weight(diagnostics: Sequence[Diagnostic]) -> tuple[int, int]:
    return len(errors(diagnostics)), len(diagnostics)
