"""Which input sizes fit: the constraints on symbols that the layers ask for, solved over the integers.

Sizes grow with the input's (a convolution's output is never smaller for a larger input), so that the least size and
the ranges of equal outputs are found by bisection; what does not grow (a skip that only fits multiples of 16) is
found by trying.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from itertools import product as pairs
from typing import NamedTuple

from netdsl.checker.context import Constraint
from netdsl.core.limits import MAX_INTEGER
from netdsl.core.sizes import Dim, Expr, Floor, Shape, Unknown, evaluate, symbols
from netdsl.core.text import text

LARGEST = 1 << 20
TRIED = 1024
TRIED_IN_PAIRS = 48
SEPARATOR = "; "
"""Between conditions on sizes that hold together."""


class Solution(NamedTuple):
    """The sizes that fit: in words (`H, W = 32…39`), and one example for each symbol."""

    words: str | None
    values: Mapping[str, int]


def solve(shape: Shape, constraints: Sequence[Constraint]) -> Solution | Constraint:
    """The sizes of a shape's symbols that satisfy the constraints, or the first constraint that leaves none."""
    names = [str(dim) for dim in shape if isinstance(dim, Expr)]
    names += sorted(symbols(shape) - set(names))
    distinct = list({(found.left, found.relation, found.right): found for found in constraints}.values())
    solution = _solve(names, distinct)
    if solution is not None:
        return solution
    low, high = 0, len(distinct)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _solve(names, distinct[:middle]) is None else (middle, high)
    return distinct[high - 1]


def _solve(names: Sequence[str], constraints: Sequence[Constraint]) -> Solution | None:
    least = {name: _least(name, constraints) for name in names}
    if any(size is None for size in least.values()):
        return None
    lows = {name: size or 1 for name, size in least.items()}
    equal = [found for found in constraints if found.relation == "=="]
    if not equal:
        lows = _raised(lows, constraints)
        return Solution(_at_least(lows), lows) if _holds(constraints, lows) else None
    free = sorted(frozenset().union(*(symbols((found.left, found.right)) for found in equal)), key=names.index)
    rest = {name: size for name, size in lows.items() if name not in free}
    solution = _together(free, rest, lows, constraints) or _apart(free, rest, lows, constraints)
    if solution is None:
        return None
    words = SEPARATOR.join(filter(None, [solution.words, _at_least(rest)]))
    return Solution(words, {**rest, **solution.values})


def _least(name: str, constraints: Sequence[Constraint]) -> int | None:
    """The least size of one symbol that its own lower bounds allow; None where none does."""
    own = [found for found in constraints if found.relation == ">=" and symbols((found.left, found.right)) == {name}]
    low, high = 1, LARGEST
    if not _holds(own, {name: high}):
        return next((size for size in range(1, TRIED) if _holds(own, {name: size})), None)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _holds(own, {name: middle}) else (middle + 1, high)
    return low


def _raised(lows: Mapping[str, int], constraints: Sequence[Constraint]) -> dict[str, int]:
    """Sizes large enough for the bounds on several symbols at once."""
    sizes = dict(lows)
    for _ in range(20):
        if _holds(constraints, sizes):
            break
        sizes = {name: size * 2 for name, size in sizes.items()}
    return sizes


def _together(
    free: Sequence[str], rest: Mapping[str, int], lows: Mapping[str, int], constraints: Sequence[Constraint]
) -> Solution | None:
    """The solutions with all sizes equal: `H, W = 32…39`, `H, W = 16, 32, 48, …`."""

    def fits(size: int) -> bool:
        return _holds(constraints, {**rest, **dict.fromkeys(free, size)})

    low = max(lows[name] for name in free)
    start = _reach(constraints, free, rest, low)
    found = [size for size in range(start, start + TRIED) if fits(size)]
    if not found:
        return None
    return Solution(f"{', '.join(free)} = {_progression(found)}", dict.fromkeys(free, found[0]))


def _reach(constraints: Sequence[Constraint], free: Sequence[str], rest: Mapping[str, int], low: int) -> int:
    """The least common size at which a growing side has come up to the number it must equal."""
    targets = [(found.left, found.right) for found in constraints if found.relation == "==" and _grows(found.left)]
    for left, right in targets:
        if isinstance(right, int):
            high = LARGEST
            while low < high:
                middle = (low + high) // 2
                reached = evaluate(left, {**rest, **dict.fromkeys(free, middle)}) >= right
                low, high = (low, middle) if reached else (middle + 1, high)
    return low


def _apart(
    free: Sequence[str], rest: Mapping[str, int], lows: Mapping[str, int], constraints: Sequence[Constraint]
) -> Solution | None:
    """The smallest and most nearly square solution, and the equation that all of them solve."""
    best: dict[str, int] | None = None
    for values in _candidates(free, rest, lows, constraints):
        if _holds(constraints, {**rest, **values}) and (best is None or _spread(values) < _spread(best)):
            best = values
    if best is None:
        return None
    asked = next(found for found in constraints if found.relation == "==" and symbols((found.left,)) & set(free))
    return Solution(_reduced(asked.left, asked.right), best)


def _candidates(
    free: Sequence[str], rest: Mapping[str, int], lows: Mapping[str, int], constraints: Sequence[Constraint]
) -> Iterator[dict[str, int]]:
    """Sizes worth trying: for two symbols the second is bisected for, for more a small cube is searched."""
    asked = [found for found in constraints if found.relation == "==" and isinstance(found.right, int)]
    if len(free) == 1 or not asked or not _grows(asked[0].left):
        ranges = [range(lows[name], lows[name] + (TRIED if len(free) == 1 else TRIED_IN_PAIRS)) for name in free]
        yield from (dict(zip(free, sizes, strict=True)) for sizes in pairs(*ranges))
        return
    *first, last = free
    span = TRIED if len(first) == 1 else 32
    for sizes in pairs(*(range(lows[name], lows[name] + span) for name in first)):
        values = dict(zip(first, sizes, strict=True))
        yield {**values, last: _reach(asked[:1], [last], {**rest, **lows, **values}, lows[last])}


def _holds(constraints: Iterable[Constraint], values: Mapping[str, int]) -> bool:
    for found in constraints:
        if isinstance(found.left, Unknown) or isinstance(found.right, Unknown):
            continue
        if not symbols((found.left, found.right)) <= values.keys():
            continue
        left, right = evaluate(found.left, values), evaluate(found.right, values)
        if left < right or (found.relation == "==" and left != right) or left >= MAX_INTEGER**2:
            return False
    return True


def _grows(dim: Dim) -> bool:
    """Whether a size never shrinks when a symbol grows."""
    if not isinstance(dim, Expr):
        return True
    return all(
        factor > 0 and all(_grows(atom.numerator) for atom in monomial if isinstance(atom, Floor))
        for monomial, factor in dim.terms
        if monomial
    )


def _progression(sizes: Sequence[int]) -> str:
    """`32…39`, `16, 32, 48, …`, `8`."""
    steps = {after - before for before, after in pairwise(sizes)}
    endless = len(steps) == 1 and sizes[-1] - sizes[0] + max(steps) >= TRIED - 1
    if len(sizes) == 1:
        return str(sizes[0])
    if steps == {1}:
        return text("{size} or more", size=sizes[0]) if endless else f"{sizes[0]}…{sizes[-1]}"
    shown = ", ".join(map(str, sizes[:3]))
    return f"{shown}, …" if len(sizes) > 3 else shown


def _at_least(lows: Mapping[str, int]) -> str | None:
    """`H, W ≥ 5`; None where any size fits."""
    sizes: dict[int, list[str]] = {}
    for name, size in lows.items():
        sizes.setdefault(size, []).append(name)
    return SEPARATOR.join(f"{', '.join(names)} ≥ {size}" for size, names in sizes.items() if size > 1) or None


def _spread(values: Mapping[str, int]) -> tuple[int, int]:
    """Small before large, square before long."""
    sizes = values.values()
    return sum(sizes), max(sizes)


def _reduced(left: Dim, right: Dim) -> str:
    """`(H/2)*(W/2) = 32` for 32*(H/2)*(W/2) = 1024."""
    if isinstance(left, Expr) and len(left.terms) == 1 and isinstance(right, int):
        ((monomial, factor),) = left.terms
        if right % factor == 0:
            return f"{Expr(((monomial, 1),))} = {right // factor}"
    return f"{left} = {right}"
