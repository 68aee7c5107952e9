"""Fixes, applied: the edits of many diagnostics as one text, and repeating that until nothing more is to be had."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from netdsl.core.diagnostics import Diagnostic, Edit, errors
from netdsl.core.source import Source

ROUNDS = 20
"""A fix may bring another mistake to light; more rounds than this mean that two of them undo each other."""

MAX_CHARACTERS_TRIED = 200_000
"""What the checks of one `fix` may read together: a hundred ordinary nets."""

MAX_TRIALS = 32
"""And how many they are."""

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
    # A long text may take a second for each of them.
    trials = min(MAX_TRIALS, max(2, MAX_CHARACTERS_TRIED // (1 + len(source.text))))
    for _ in range(ROUNDS):
        better, trials = _better(best, check, unsafe, trials)
        if better is None:
            break
        best = better
    return best


def apply(source: Source, diagnostics: Iterable[Diagnostic]) -> str:
    """The text after the fixes of diagnostics that are compatible."""
    edits = {edit for diagnostic in diagnostics for edit in _edits(diagnostic)}
    parts, end = list[str](), 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        parts += [source.text[end : edit.span.start], edit.text]
        end = edit.span.end
    return "".join([*parts, source.text[end:]])


def compatible(source: Source, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Those that have a fix, of this source alone, and whose edits touch none of those before them."""
    chosen: list[Diagnostic] = []
    # The edits taken touch none of each other, so that their starts and their ends have one order.
    taken: list[Edit] = []
    for diagnostic in diagnostics:
        edits = _edits(diagnostic)
        ours = bool(edits) and all(edit.span.source is source for edit in edits)
        if ours and not any(_touches(edit, taken) for edit in edits):
            chosen.append(diagnostic)
            for edit in edits:
                insort(taken, edit, key=_start)
    return chosen


def _better(best: Fixed, check: Check, unsafe: bool, trials: int) -> tuple[Fixed | None, int]:
    """One round further: all the fixes at once, else the first of their halves, or smaller parts, that does good.

    The number is how many trials are left.
    """
    chosen = compatible(best.source, (one for one in best.left if one.fix and (one.fix.safe or unsafe)))
    for group in islice(_parts(chosen), trials):
        trials -= 1
        source = replace(best.source, text=apply(best.source, group))
        left = check(source)
        if _weight(left) < _weight(best.left):
            return Fixed(source, (*best.applied, *group), left), trials
    return None, trials


def _parts(chosen: Sequence[Diagnostic]) -> Iterator[Sequence[Diagnostic]]:
    """All of them, their halves, the halves of these, and in the end each alone."""
    size = len(chosen)
    while size:
        yield from (chosen[start : start + size] for start in range(0, len(chosen), size))
        size //= 2


def _edits(diagnostic: Diagnostic) -> tuple[Edit, ...]:
    return diagnostic.fix.edits if diagnostic.fix else ()


def _touches(edit: Edit, taken: Sequence[Edit]) -> bool:
    """Whether an edit overlaps one of those in their order, or inserts at one place, where the order would matter."""
    number = bisect_right(taken, edit.span.end, key=_start)
    # Of those that start before its end, the last ends last.
    return number > 0 and taken[number - 1].span.end >= edit.span.start


def _start(edit: Edit) -> int:
    return edit.span.start


# An error less is worth any number of warnings: what is fixed may only now be looked at closely.
def _weight(diagnostics: Sequence[Diagnostic]) -> tuple[int, int]:
    return len(errors(diagnostics)), len(diagnostics)
