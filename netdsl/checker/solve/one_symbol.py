"""The exact set of sizes of one symbol that meet conditions.

A condition that grows with the symbol allows all sizes from one on; bisection finds it. Any other condition is split by
the remainder modulo its period: for each remainder it is a polynomial, and a few of its values decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import factorial, gcd, lcm
from typing import NamedTuple

from netdsl.checker.context import Constraint
from netdsl.core.size_sets import SizeSet, as_intervals, periodic
from netdsl.core.sizes import Atom, Dim, Everywhere, Expr, Floor, direction, evaluate

LARGEST = 1 << 31
"""The largest size that is searched for."""

STEPS = 8192
"""The most evaluations of conditions while sizes are tried; a count, so that every machine gives the same result."""

NOTHING = SizeSet(())
EVERYTHING = SizeSet((), 1, 1, ((0, 0),))

Bounds = tuple[int, int | None]
"""The first number and the last; None means that there is no last."""


class Condition(NamedTuple):
    """`size` is at least 0, or is 0."""

    size: Dim
    is_zero: bool

    @classmethod
    def of(cls, constraint: Constraint) -> Condition:
        """The constraint with both sides on the left."""
        return cls(constraint.left - constraint.right, constraint.relation == "==")

    def at(self, size: int) -> int:
        """The value where every symbol has this size."""
        return evaluate(self.size, Everywhere(size))

    def holds(self, size: int) -> bool:
        """Whether it holds where every symbol has this size."""
        value = self.at(size)
        return value == 0 if self.is_zero else value >= 0


def solve_one(constraints: Sequence[Constraint]) -> SizeSet:
    """The sizes that meet all constraints, where every symbol in them has the same size."""
    low, high = 1, None
    others: list[Condition] = []
    # The last layers of a deep net ask for the largest sizes: what they ask for meets the conditions above them.
    for condition in map(Condition.of, reversed(constraints)):
        way = direction(condition.size)
        if not way:
            others.insert(0, condition)
            continue
        if way > 0 and not condition.is_zero and condition.at(low) >= 0:
            continue
        least, most = _bounds(condition, way)
        low = max(low, least)
        high = most if high is None else high if most is None else min(high, most)
    if high is not None and high < low:
        return NOTHING
    if not others:
        return SizeSet((), low, 1, ((0, 0),)) if high is None else SizeSet(((low, high),))
    return _repeating(others, (low, high)) or _tried(others, (low, high))


def _bounds(condition: Condition, way: int) -> Bounds:
    """The sizes that meet a condition which only grows or only shrinks with the size."""
    if way < 0:
        condition = Condition(-1 * condition.size, condition.is_zero)
        if not condition.is_zero:  # -f >= 0 where f grows: up to the last size at which f is not above 0
            return 1, _first(condition, 1) - 1
    least = _first(condition, 0)
    return least, _first(condition, 1) - 1 if condition.is_zero else None


def _first(condition: Condition, value: int) -> int:
    """The smallest size at which a growing condition reaches a value."""
    low, high = 1, 1
    while condition.at(high) < value:
        if high > LARGEST:
            return high
        low, high = high + 1, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if condition.at(middle) >= value else (middle + 1, high)
    return low


def _repeating(conditions: Sequence[Condition], bounds: Bounds) -> SizeSet | None:
    """The sizes within the bounds that meet all conditions; None if that takes too many steps."""
    period = lcm(*(period_of(condition.size) for condition in conditions))
    if period * sum(1 + degree(condition.size) for condition in conditions) > STEPS:
        return None
    low, high = bounds
    endless: dict[int, int] = {}
    finite: list[tuple[int, Bounds]] = []
    for remainder in range(1, period + 1):
        last = None if high is None else (high - remainder) // period
        ranges: list[Bounds] = [(max(0, -((remainder - low) // period)), last)]
        for condition in conditions:
            values = [condition.at(remainder + step * period) for step in range(1 + degree(condition.size))]
            ranges = _meet(ranges, _solved(values, condition.is_zero))
            if not ranges:
                break
        for first, last in ranges:
            if last is None:
                endless[remainder] = first
            else:
                finite.append((remainder, (first, last)))
    rounds = 1 + max([*endless.values(), *(last or 0 for _, (_, last) in finite)], default=0)
    finite += [(remainder, (first, rounds - 1)) for remainder, first in endless.items()]
    if sum((last or 0) - first + 1 for _, (first, last) in finite) > STEPS:
        return None
    below = {remainder + step * period for remainder, (first, last) in finite for step in range(first, (last or 0) + 1)}
    return periodic(endless, period, rounds * period + 1, below)


def _tried(conditions: Sequence[Condition], bounds: Bounds) -> SizeSet:
    """The sizes that meet all conditions, among those that are tried."""
    low, high = bounds
    end = low + STEPS // len(conditions)
    found = [size for size in range(low, min(end, (high or end) + 1)) if all(one.holds(size) for one in conditions)]
    is_all = high is not None and high < end
    return SizeSet(as_intervals(found), searched=None if is_all else end - 1)


def _solved(values: Sequence[int], is_zero: bool) -> list[Bounds]:
    """The numbers k >= 0 at which a polynomial is at least 0, or 0, by its values at 0, 1, …, its degree."""
    differences = list(values)
    for order in range(1, len(values)):
        for at in range(len(values) - 1, order - 1, -1):
            differences[at] -= differences[at - 1]
    while len(differences) > 1 and differences[-1] == 0:
        differences.pop()
    at_least = _at_least_zero(differences)
    return _meet(at_least, _at_least_zero([-one for one in differences])) if is_zero else at_least


def _at_least_zero(differences: Sequence[int]) -> list[Bounds]:
    """Where a polynomial is not below 0, by its differences at 0 (Newton's form)."""
    end = 1
    while not _keeps_its_sign(differences, end):
        end *= 2
    edges = [*_changes(differences, end)]
    if differences[0] >= 0:
        edges.insert(0, 0)
    lasts: list[int | None] = [edge - 1 for edge in edges[1::2]]
    return list(zip(edges[::2], [*lasts, None], strict=False))


def _keeps_its_sign(differences: Sequence[int], k: int) -> bool:
    """Whether a polynomial has one sign from `k` on: its differences there all have it."""
    here = [_value(differences[order:], k) for order in range(len(differences))]
    return all(one >= 0 for one in here) or (here[0] < 0 and all(one <= 0 for one in here))


def _changes(differences: Sequence[int], end: int) -> list[int]:
    """The numbers up to `end` at which a polynomial changes between below 0 and not below 0.

    Between the changes of sign of its difference, it only grows or only shrinks.
    """
    if len(differences) == 1:
        return []
    found = []
    for low, high in pairwise([0, *_changes(differences[1:], end), end]):
        before = _value(differences, low) >= 0
        if before is (_value(differences, high) >= 0):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if (_value(differences, middle) >= 0) is before else (low, middle)
        found.append(high)
    return found


def _value(differences: Sequence[int], k: int) -> int:
    """Newton's polynomial at k."""
    total, binomial = 0, 1
    for order, difference in enumerate(differences):
        total += difference * binomial
        binomial = binomial * (k - order) // (order + 1)
    return total


def _meet(one: Sequence[Bounds], other: Sequence[Bounds]) -> list[Bounds]:
    """The numbers in both."""
    found: list[Bounds] = []
    for first, last in one:
        for start, end in other:
            low, high = max(first, start), end if last is None else last if end is None else min(last, end)
            if high is None or low <= high:
                found.append((low, high))
    return found


def degree(dim: Dim) -> int:
    """The degree of the polynomial that a size is on the sizes of one remainder."""
    if not isinstance(dim, Expr):
        return 0
    return max(sum(_degree(atom) for atom in monomial) for monomial, _ in dim.terms)


def _degree(atom: Atom) -> int:
    return degree(atom.numerator) if isinstance(atom, Floor) else 1


def period_of(dim: Dim) -> int:
    """A number of sizes after which each floor division in a size leaves the same remainder."""
    if not isinstance(dim, Expr):
        return 1
    return lcm(*(_period(atom) for monomial, _ in dim.terms for atom in monomial if isinstance(atom, Floor)))


def _period(atom: Floor) -> int:
    inner, powers = period_of(atom.numerator), degree(atom.numerator)
    if powers > 1:
        return inner * atom.divisor * factorial(powers)
    rise = evaluate(atom.numerator, Everywhere(1 + inner)) - evaluate(atom.numerator, Everywhere(1))
    return inner * atom.divisor // gcd(rise, atom.divisor)
