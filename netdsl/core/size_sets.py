"""Sets of sizes that repeat: some intervals, and from some size on the same intervals in every period.

Each condition that a net puts on one symbol is built of floor divisions, sums and products. On the sizes that leave one
remainder modulo a period (a multiple of every divisor), such a condition is a polynomial, and its sign changes
finitely often. Therefore the sizes that fit always form a set of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from netdsl.core.text import text

Interval = tuple[int, int]
"""The first size and the last."""

SHOWN = 6
"""So many intervals are written out."""


class SizeSet(NamedTuple):
    """A set of positive sizes.

    Args:
        intervals: the sizes below `start`, as intervals in order.
        start: from here on the set repeats.
        period: after so many sizes it does.
        repeats: the intervals of one period, as distances from `start`; empty for a finite set.
        searched: the largest size that was tried, where the set is not known beyond; None where it is exact.
    """

    intervals: tuple[Interval, ...]
    start: int = 1
    period: int = 1
    repeats: tuple[Interval, ...] = ()
    searched: int | None = None

    def __contains__(self, size: object) -> bool:
        if not isinstance(size, int) or size < 1:
            return False
        if self.repeats and size >= self.start:
            return _within((size - self.start) % self.period, self.repeats)
        return _within(size, self.intervals)

    def __bool__(self) -> bool:
        return bool(self.intervals or self.repeats)

    @property
    def least(self) -> int:
        """The smallest size in it."""
        return next(self.runs())[0]

    @property
    def only(self) -> int | None:
        """The one size in it; None where it holds none or several."""
        is_one = not self.repeats and len(self.intervals) == 1 and self.intervals[0][0] == self.intervals[0][1]
        return self.least if is_one and self.searched is None else None

    @property
    def is_bound(self) -> bool:
        """Whether it holds every size from some size on, and no other."""
        return not self.intervals and self._is_full

    @property
    def _is_full(self) -> bool:
        return self.repeats == ((0, self.period - 1),)

    def runs(self) -> Iterator[Interval]:
        """Its intervals in order, without end where it repeats."""
        yield from self.intervals
        at = self.start
        while self.repeats:
            yield from ((at + low, at + high) for low, high in self.repeats)
            at += self.period

    def __str__(self) -> str:
        """`32…39`, `16, 32, 48, …`, `8…11, 16…19, …`, `1, 5 or more`."""
        if self._is_full:
            finite = [*_written(self.intervals[:SHOWN]), str(self.start)]
            return text("{sizes} or more", sizes=", ".join(finite))
        shown = list(islice(self.runs(), SHOWN))
        if self.repeats:
            least = 3 if all(low == high for low, high in shown) else 2
            shown = shown[: max(least, len(self.intervals) + len(self.repeats))]
        is_whole = not self.repeats and len(self.intervals) <= SHOWN and self.searched is None
        sizes = ", ".join([*_written(shown), *([] if is_whole else ["…"])])
        if self.searched is None:
            return sizes
        return text("{sizes} (tried up to {largest})", sizes=sizes, largest=f"{self.searched:,}")


def periodic(pattern: Iterable[int], period: int, start: int, below: Iterable[int]) -> SizeSet:
    """The set of the sizes `below` the start and, from it on, of those that `pattern` holds modulo the period.

    It is written with the smallest period, and begins to repeat as early as it can.
    """
    residues = {size % period for size in pattern}
    period, residues = _reduced(period, residues)
    finite = set(below)
    if not residues:
        return SizeSet(as_intervals(sorted(finite)))
    while start > 1 and (start - 1 in finite) == ((start - 1) % period in residues):
        start -= 1
    start = next(size for size in range(start, start + period) if size % period in residues)
    distances = [distance for distance in range(period) if (start + distance) % period in residues]
    return SizeSet(
        as_intervals(sorted(size for size in finite if size < start)), start, period, as_intervals(distances)
    )


def as_intervals(sizes: Iterable[int]) -> tuple[Interval, ...]:
    """Sizes in order as intervals."""
    found: list[list[int]] = []
    for size in sizes:
        if found and found[-1][1] == size - 1:
            found[-1][1] = size
        else:
            found.append([size, size])
    return tuple((low, high) for low, high in found)


def _reduced(period: int, residues: set[int]) -> tuple[int, set[int]]:
    """The same remainders with the smallest period."""
    for factor in range(2, period + 1):
        while period % factor == 0:
            shorter = period // factor
            fewer = {residue % shorter for residue in residues}
            if len(fewer) * factor != len(residues):
                break
            period, residues = shorter, fewer
    return period, residues


def _within(size: int, intervals: Iterable[Interval]) -> bool:
    return any(low <= size <= high for low, high in intervals)


def _written(intervals: Iterable[Interval]) -> list[str]:
    return [str(low) if low == high else f"{low}…{high}" for low, high in intervals]
