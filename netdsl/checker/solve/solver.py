"""The input sizes that fit: the layers' constraints on symbols, solved over the integers.

Symbols that share no constraint are solved one by one, exactly. Symbols that share one are solved exactly for equal
sizes. If no equal sizes fit, a search looks for the smallest sizes that do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import gcd
from typing import NamedTuple

from netdsl.checker.context import Constraint
from netdsl.checker.solve.one_symbol import EVERYTHING, LARGEST, STEPS, solve_one
from netdsl.core.size_sets import SizeSet
from netdsl.core.sizes import Dim, Expr, Monomial, Shape, Unknown, direction, evaluate, symbols
from netdsl.core.source import Span
from netdsl.program import OpenSizes

TRIED_APART = 1024
"""At most so many sizes are tried for the first of several symbols."""


class Solution(NamedTuple):
    """The sizes that fit, by groups of symbols that share constraints; an example for each symbol, if one is found."""

    sizes: tuple[OpenSizes, ...]
    values: Mapping[str, int] | None

    @property
    def words(self) -> str | None:
        """The sizes as text: `H, W = 32…39`; None if every size fits."""
        found: dict[tuple[bool, str], list[str]] = {}
        for one in self.sizes:
            found.setdefault((one.fit.is_bound, one.words), []).extend(one.heads)
        listed = sorted(found.items(), key=lambda item: item[0][0])
        said = (" ".join(filter(None, [", ".join(heads), words])) for (_, words), heads in listed if words or heads)
        return "; ".join(said) or None


class Pin(NamedTuple):
    """A join that allows only one size of its symbols."""

    constraint: Constraint
    names: tuple[str, ...]
    size: int


def solve(shape: Shape, constraints: Sequence[Constraint]) -> Solution | Constraint:
    """The sizes of a shape's symbols that meet the constraints, or the first constraint that leaves none."""
    names = _names(shape)
    distinct = _distinct(constraints)
    solution = _solve(names, distinct)
    if solution is not None:
        return solution
    low, high = 0, len(distinct)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _solve(names, distinct[:middle]) is None else (middle, high)
    return distinct[high - 1]


def find_pins(shape: Shape, constraints: Sequence[Constraint]) -> Iterator[Pin]:
    """The joins that allow only one size of their symbols, although all other constraints allow several."""
    if not any(found.joins for found in constraints):
        return
    pinned: dict[tuple[Span, int], Pin] = {}
    for names, group in _components(_names(shape), _distinct(constraints)):
        size = solve_one(group).only if len(names) == 1 else None
        others = [found for found in group if not found.joins]
        if size is None or len(others) == len(group) or solve_one(others).only is not None:
            continue
        for join in (found for found in group if found.joins):
            others.append(join)
            if solve_one(others).only == size:
                before = pinned.get((join.span, size))
                pinned[join.span, size] = Pin(join, (*(before.names if before else ()), *names), size)
                break
    yield from pinned.values()


def _names(shape: Shape) -> list[str]:
    names = [str(dim) for dim in shape if isinstance(dim, Expr)]
    return list(dict.fromkeys([*names, *sorted(symbols(shape) - set(names))]))


def _distinct(constraints: Sequence[Constraint]) -> list[Constraint]:
    """The constraints with known sizes, each once."""
    known = (found for found in constraints if not any(isinstance(dim, Unknown) for dim in (found.left, found.right)))
    return list({(found.left, found.relation, found.right): found for found in reversed([*known])}.values())[::-1]


def _solve(names: Sequence[str], constraints: Sequence[Constraint]) -> Solution | None:
    sizes: list[OpenSizes] = []
    values: dict[str, int] = {}
    is_found = True
    for group, asked in _components(names, constraints):
        if not all(map(_is_possible, asked)):
            return None
        fit = solve_one(asked)
        example: Mapping[str, int] | None = dict.fromkeys(group, fit.least) if fit else None
        if not fit and len(group) > 1:
            example = _apart(group, asked)
        if example is None and fit.searched is None:
            return None
        conditions: tuple[str, ...] = ()
        equal = False
        if len(group) > 1:
            equal = not (fit and _is_box(group, asked, fit))
            conditions = tuple(
                _reduced(found.left, found.relation, found.right) for found in asked if not _is_sure(found)
            )
        sizes.append(OpenSizes(tuple(group), fit, equal, conditions))
        is_found = is_found and example is not None
        values.update(example or {})
    return Solution(tuple(sizes), values if is_found else None)


def _components(
    names: Sequence[str], constraints: Sequence[Constraint]
) -> Iterator[tuple[list[str], list[Constraint]]]:
    """The groups of symbols that share constraints, with these constraints."""
    groups = [{name} for name in names]
    depending = [(found, symbols((found.left, found.right))) for found in constraints]
    for asked in {asked for _, asked in depending}:
        met = [group for group in groups if group & asked]
        groups = [group for group in groups if not group & asked]
        groups += [set().union(*met)] if met else []
    for group in sorted(groups, key=lambda group: min(map(names.index, group))):
        asked_of = [found for found, asked in depending if asked & group]
        yield sorted(group, key=names.index), asked_of


def _is_box(names: Sequence[str], constraints: Sequence[Constraint], fit: SizeSet) -> bool:
    """Whether the sizes that fit each symbol alone fit together, as far as a few of them tell."""
    low, high = next(fit.runs())
    two = (low, high) if high > low else tuple(first for first, _ in islice(fit.runs(), 2))
    combined = ({**dict.fromkeys(names, two[0]), name: two[-1]} for name in names)
    if not all(_holds(constraints, values) for values in combined):
        return False
    # 1 and 2 meet H*W >= 2, although equal sizes must be at least 2; 2 and 4 meet (H/2)*(W/2) >= 2, if both are even.
    below = {low - 1, *(first - fit.period for first, _ in islice(fit.runs(), 1 + len(fit.repeats)))}
    long = (two[-1], two[-1] + _LONG * fit.period)
    outside = (
        {**dict.fromkeys(names, size), name: one} for name in names for size in long for one in below if 0 < one < low
    )
    return not any(_holds(constraints, values) for values in outside)


_LONG = 1 << 20
"""So many periods make a size with which a condition on a product holds for any other factor."""


def _apart(names: Sequence[str], constraints: Sequence[Constraint]) -> dict[str, int] | None:
    """The smallest and most nearly square of the tried sizes that fit; None if none does."""
    equal = [found for found in constraints if found.relation == "=="]
    main = next((found for found in equal if _shrinks_never(found.left) and isinstance(found.right, int)), None)
    best: dict[str, int] | None = None
    for values in islice(_candidates(names, main), STEPS):
        if (best is None or _spread(values) < _spread(best)) and _holds(constraints, values):
            best = values
    return best


def _is_possible(found: Constraint) -> bool:
    """Whether an equation can hold: the common divisor of its terms must divide its constant."""
    if found.relation == ">=":
        return True
    difference = found.left - found.right
    if not isinstance(difference, Expr):
        return difference == 0
    common = gcd(*(factor for monomial, factor in difference.terms if monomial))
    return difference.constant % common == 0


def _is_sure(found: Constraint) -> bool:
    """Whether every size meets a condition."""
    return found.relation == ">=" and solve_one([found]) == EVERYTHING


def _candidates(names: Sequence[str], main: Constraint | None) -> Iterator[dict[str, int]]:
    """The sizes to try: those of all symbols but the last are counted up, and bisection finds the last."""
    *first, last = names
    if main is None or last not in symbols((main.left,)):
        yield from (dict(zip(names, sizes, strict=True)) for sizes in _counted(len(names)))
        return
    assert isinstance(main.left, Expr)
    assert isinstance(main.right, int)
    for sizes in islice(_counted(len(first)), TRIED_APART):
        values = dict(zip(first, sizes, strict=True))
        if not _divides(main.left, main.right, values, last):
            continue
        low, high = 1, 1
        while (reached := evaluate(main.left, {**values, last: high})) < main.right and high < LARGEST:
            low, high = high + 1, high * 2
        if reached < main.right:
            continue
        while low < high:
            middle = (low + high) // 2
            enough = evaluate(main.left, {**values, last: middle}) >= main.right
            low, high = (low, middle) if enough else (middle + 1, high)
        yield {**values, last: low}


def _divides(left: Expr, right: int, values: Mapping[str, int], last: str) -> bool:
    """Whether a product can equal a number, as far as its known factors tell."""
    if len(left.terms) > 1:
        return True
    ((monomial, factor),) = left.terms
    for atom in monomial:
        known: Monomial = (atom,)
        if last not in Expr(((known, 1),)).symbols:
            factor *= atom.evaluate(values)
    return factor > 0 and right % factor == 0


def _counted(count: int) -> Iterator[tuple[int, ...]]:
    """Every tuple of positive sizes; those with a small sum come first."""
    total = count
    while True:
        yield from _summing(count, total)
        total += 1


def _summing(count: int, total: int) -> Iterator[tuple[int, ...]]:
    if count == 1:
        yield (total,)
        return
    for first in range(1, total - count + 2):
        yield from ((first, *others) for others in _summing(count - 1, total - first))


def _holds(constraints: Iterable[Constraint], values: Mapping[str, int]) -> bool:
    for found in constraints:
        left, right = evaluate(found.left, values), evaluate(found.right, values)
        if left < right or (found.relation == "==" and left != right):
            return False
    return True


def _shrinks_never(dim: Dim) -> bool:
    return isinstance(dim, Expr) and direction(dim) == 1


def _spread(values: Mapping[str, int]) -> tuple[int, int]:
    """A sort key: small before large, square before long."""
    sizes = values.values()
    return sum(sizes), max(sizes)


def _reduced(left: Dim, relation: str, right: Dim) -> str:
    """`(H/2)*(W/2) = 32` for 32*(H/2)*(W/2) = 1024."""
    sign = "=" if relation == "==" else "≥"
    if relation == "==" and isinstance(left, Expr) and len(left.terms) == 1 and isinstance(right, int):
        ((monomial, factor),) = left.terms
        if right % factor == 0:
            return f"{Expr(((monomial, 1),))} = {right // factor}"
    return f"{left} {sign} {right}"
