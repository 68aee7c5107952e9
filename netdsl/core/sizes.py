"""The arithmetic of sizes: a dimension is an integer, a formula over symbols, or unknown.

A formula (`Expr`) is a polynomial with integer coefficients over *atoms*: symbols such as `H`, and floor divisions
of a formula by a positive integer. Every operation returns a canonical form, so that two formulas built by different
layers compare equal with `==` wherever floor division's own identities make them so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import gcd
from typing import Final, NamedTuple

from netdsl.core.limits import MAX_INTEGER


class Symbol(NamedTuple):
    """A size that is not fixed: at least 1."""

    name: str

    def evaluate(self, values: Mapping[str, int]) -> int:
        """The integer that stands for the symbol."""
        return values[self.name]

    def __str__(self) -> str:
        return self.name


class Floor(NamedTuple):
    """⌊numerator / divisor⌋."""

    numerator: Expr
    divisor: int

    def evaluate(self, values: Mapping[str, int]) -> int:
        """The integer that it comes to."""
        return evaluate(self.numerator, values) // self.divisor

    def __str__(self) -> str:
        return f"{_bracketed(self.numerator)}/{self.divisor}"


Atom = Symbol | Floor
Monomial = tuple[Atom, ...]


def _order(atom: Atom) -> tuple[int, str]:
    return (isinstance(atom, Floor), str(atom))


@lru_cache(maxsize=1024)
def _rank(monomial: Monomial) -> tuple[int, tuple[tuple[int, str], ...]]:
    """Where a monomial stands in a sum: the highest powers first, as one writes them."""
    return (-len(monomial), tuple(map(_order, monomial)))


@lru_cache(maxsize=1024)
def _multiplied(one: Monomial, other: Monomial) -> Monomial:
    return tuple(sorted(one + other, key=_order))


class Expr:
    """A polynomial: (monomial, coefficient) pairs, the constant under the empty monomial. Never a plain integer.

    It never changes. What is computed of it is kept: a long net asks for it in each layer.
    """

    # No dataclass: a check makes some for each layer, and a frozen one takes three times as long.
    __slots__ = ("_hash", "_length", "_symbols", "_text", "terms")

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms: Final = terms
        self._text = ""
        self._length = 0
        self._hash = 0
        self._symbols: frozenset[str] | None = None

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expr) and self.terms == other.terms)

    def __hash__(self) -> int:
        if not self._hash:
            self._hash = hash(self.terms)
        return self._hash

    def __repr__(self) -> str:
        return f"Expr({self.terms!r})"

    @property
    def constant(self) -> int:
        """The term without symbols."""
        return dict(self.terms).get((), 0)

    @property
    def symbols(self) -> frozenset[str]:
        """The names it depends on."""
        if self._symbols is None:
            self._symbols = frozenset(name for monomial, _ in self.terms for atom in monomial for name in _names(atom))
        return self._symbols

    @property
    def length(self) -> int:
        """How much there is to write of it: its symbols, divisions and terms, and more for numbers of many digits."""
        if not self._length:
            self._length = sum(
                1 + factor.bit_length() // 16 + sum(map(_atom_length, monomial)) for monomial, factor in self.terms
            )
        return self._length

    def __add__(self, other: Dim) -> Dim:
        return other + self if isinstance(other, Unknown) else _sum(self, other)

    def __sub__(self, other: Dim) -> Dim:
        return self + -1 * other

    def __mul__(self, other: Dim) -> Dim:
        return other if isinstance(other, Unknown) else _product(self, other)

    def __rsub__(self, other: int) -> Dim:
        return -1 * self + other

    def __floordiv__(self, divisor: int) -> Dim:
        return _floor(self, divisor)

    __radd__ = __add__
    __rmul__ = __mul__

    def __str__(self) -> str:
        if not self._text:
            first, *rest = (_term(monomial, factor) for monomial, factor in self.terms)
            self._text = first + "".join(term if term.startswith("-") else f"+{term}" for term in rest)
        return self._text


class Unknown:
    """A size that an earlier mistake made unknowable; whatever is computed from it is unknown too."""

    __slots__ = ()

    def _same(self, _: object) -> Unknown:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = _same

    def __str__(self) -> str:
        return "?"

    __repr__ = __str__


UNKNOWN: Final = Unknown()

Dim = int | Expr | Unknown
Shape = tuple[Dim, ...]


def symbol(name: str) -> Expr:
    """The formula that is one symbol."""
    return Expr((((Symbol(name),), 1),))


def ceil_div(size: Dim, divisor: int) -> Dim:
    """⌈size / divisor⌉."""
    return (size + (divisor - 1)) // divisor


def product(dims: Iterable[Dim]) -> Dim:
    """The product of sizes; 1 for none."""
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result


def evaluate(dim: Dim, values: Mapping[str, int]) -> int:
    """The integer that a dimension comes to when its symbols are given. Unknown sizes have none: `TypeError`."""
    if isinstance(dim, int):
        return dim
    if isinstance(dim, Unknown):
        raise TypeError("an unknown size has no value")
    total = 0
    for monomial, factor in dim.terms:
        for atom in monomial:
            factor *= atom.evaluate(values)
        total += factor
    return total


class Everywhere(dict[str, int]):
    """One size for every symbol."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def __missing__(self, name: str) -> int:
        return self.size


def direction(dim: Dim) -> int:
    """1 for a size that never shrinks when a symbol grows, -1 for one that never grows, 0 if it is unknown."""
    if not isinstance(dim, Expr):
        return 1
    signs = {factor > 0 for monomial, factor in dim.terms if monomial}
    if len(signs) > 1 or not all(_grows(atom) for monomial, _ in dim.terms for atom in monomial):
        return 0
    return 1 if signs == {True} else -1


def _grows(atom: Atom) -> bool:
    """Whether an atom never shrinks and, since a product of it with others must not either, is never below 0."""
    if not isinstance(atom, Floor):
        return True
    return direction(atom.numerator) == 1 and evaluate(atom.numerator, Everywhere(1)) >= 0


def symbols(shape: Iterable[Dim]) -> frozenset[str]:
    """The symbols that occur in a shape."""
    return frozenset().union(*(dim.symbols for dim in shape if isinstance(dim, Expr)))


def is_known(shape: Iterable[Dim]) -> bool:
    """Whether every dimension is an integer."""
    return all(isinstance(dim, int) for dim in shape)


def format_shape(shape: Iterable[Dim]) -> str:
    """`3x32x32`; with symbols `64 x H/8 x W/8`."""
    return _format_dims(tuple(shape))


# A long net has few shapes, and an editor has all of them written at each key press.
@lru_cache(maxsize=1_000)
def _format_dims(shape: tuple[Dim, ...]) -> str:
    plain = all(isinstance(dim, (int, Unknown)) or len(str(dim)) == 1 for dim in shape)
    return ("x" if plain else " x ").join(str(dim) for dim in shape)


def _names(atom: Atom) -> Iterable[str]:
    return (atom.name,) if isinstance(atom, Symbol) else atom.numerator.symbols


def _atom_length(atom: Atom) -> int:
    return 1 if isinstance(atom, Symbol) else 1 + atom.divisor.bit_length() // 16 + atom.numerator.length


def _terms(dim: int | Expr) -> Mapping[Monomial, int]:
    return {(): dim} if isinstance(dim, int) else dict(dim.terms)


def _canonical(terms: Mapping[Monomial, int]) -> int | Expr:
    kept = {monomial: factor for monomial, factor in terms.items() if factor}
    if not kept.keys() - {()}:
        return kept.get((), 0)
    # Sorted, so that formulas which are equal are equal tuples.
    if len(kept) == 1:  # most sizes have one term, and to sort costs more than all else here
        return Expr(tuple(kept.items()))
    return Expr(tuple(sorted(kept.items(), key=lambda term: _rank(term[0]))))


def _sum(left: int | Expr, right: int | Expr) -> int | Expr:
    if isinstance(left, Expr) and isinstance(right, int):
        return _shifted(left, right) if right else left
    terms = dict(_terms(left))
    for monomial, factor in _terms(right).items():
        terms[monomial] = terms.get(monomial, 0) + factor
    return _canonical(terms)


def _shifted(expr: Expr, number: int) -> Expr:
    """A number more: the other terms stay in their order, and the constant is the last."""
    *others, last = expr.terms
    if last[0]:
        others, last = [*others, last], ((), 0)
    constant = last[1] + number
    return Expr((*others, ((), constant)) if constant else tuple(others))


def _product(left: int | Expr, right: int | Expr) -> int | Expr:
    if isinstance(left, Expr) and isinstance(right, int) and right:
        if right == 1:
            return left
        return Expr(tuple((monomial, right * factor) for monomial, factor in left.terms))
    terms: dict[Monomial, int] = {}
    for first, one in _terms(left).items():
        for second, two in _terms(right).items():
            monomial = _multiplied(first, second) if first and second else first + second
            terms[monomial] = terms.get(monomial, 0) + one * two
    return _canonical(terms)


def _floor(numerator: int | Expr, divisor: int) -> int | Expr:
    """⌊numerator / divisor⌋ in canonical form, by three identities over integers.

    ⌊(n·a + b)/n⌋ = a + ⌊b/n⌋;  ⌊(g·a + b)/(g·n)⌋ = ⌊(a + ⌊b/g⌋)/n⌋;  ⌊(⌊a/m⌋ + b)/n⌋ = ⌊(a + m·b)/(m·n)⌋.
    """
    if divisor < 1:
        raise ValueError("a size is divided by less than 1")
    if isinstance(numerator, int):
        return numerator // divisor
    if divisor == 1:
        return numerator
    whole = _canonical({monomial: factor // divisor for monomial, factor in numerator.terms})
    rest = _canonical({monomial: factor % divisor for monomial, factor in numerator.terms})
    if isinstance(rest, int):
        return _sum(whole, rest // divisor)
    common = gcd(divisor, *(factor for monomial, factor in rest.terms if monomial))
    if common > 1:
        reduced = _canonical({monomial: factor // common for monomial, factor in rest.terms})
        return _sum(whole, _floor(reduced, divisor // common))
    match [term for term in rest.terms if any(isinstance(atom, Floor) for atom in term[0])]:
        case [((Floor() as inner,), 1)]:
            others = _sum(rest, Expr((((inner,), -1),)))
            nested = _sum(inner.numerator, _product(others, inner.divisor))
            return _sum(whole, _floor(nested, inner.divisor * divisor))
    stepped = _stepped(rest, divisor) if divisor > MAX_INTEGER else None
    return _sum(whole, Expr((((Floor(rest, divisor),), 1),)) if stepped is None else stepped)


def _stepped(numerator: Expr, divisor: int) -> int | Expr | None:
    """A quotient that allowed sizes of one symbol change once at most, in numbers that are no larger than those sizes.

    A thousand strides of 2 would else make numbers of a thousand digits. None where it changes more often, or that is
    not plain.
    """
    if len(numerator.symbols) > 1 or direction(numerator) != 1:
        return None
    low, high = 1, MAX_INTEGER
    first, last = (evaluate(numerator, Everywhere(size)) // divisor for size in (low, high))
    if last - first > 1:
        return None
    if first == last:
        return first
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if evaluate(numerator, Everywhere(middle)) // divisor > first else (middle, high)
    (name,) = numerator.symbols
    return _sum(first, Expr((((Floor(_shifted(symbol(name), MAX_INTEGER - high), MAX_INTEGER),), 1),)))


def _term(monomial: Monomial, factor: int) -> str:
    if not monomial:
        return str(factor)
    powers = "*".join(f"({atom})" if isinstance(atom, Floor) and len(monomial) > 1 else str(atom) for atom in monomial)
    if isinstance(monomial[0], Floor) and len(monomial) == 1 and abs(factor) != 1:
        powers = f"({powers})"
    return {1: powers, -1: f"-{powers}"}.get(factor, f"{factor}*{powers}")


def _bracketed(expr: Expr) -> str:
    text = str(expr)
    return text if text.isalnum() else f"({text})"
