"""The parameters of an exported class: values that differ between uses of a block, with the block's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from netdsl.export.python.layout import Expression, InlineText, literal
from netdsl.export.python.names import unused, variable
from netdsl.export.python.signatures import REQUIRED, Signature

ABSENT: Final = object()
"""The value of an argument in a use that lacks the layer."""

LARGEST_FACTOR = 64

Column = Sequence[object]
"""The values of one argument, one for each use."""


class Differ(Exception):
    """Raised if two uses of a block differ too much for one class."""


@dataclass
class ClassParameter:
    """A parameter: its value in each use, and its default, or `REQUIRED`."""

    values: list[object]
    default: object = REQUIRED


@dataclass
class Parameters:
    """The parameters that a class needs so far.

    Args:
        given: the values of the block's own parameters, one column for each.
        defaults: the defaults of some of them.
    """

    uses: int
    given: Mapping[str, Column] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)
    found: dict[str, ClassParameter] = field(default_factory=dict)

    def copy(self) -> Parameters:
        """A copy, for an attempt."""
        found = {name: ClassParameter(list(one.values), one.default) for name, one in self.found.items()}
        return Parameters(self.uses, self.given, self.defaults, found)

    def express(self, hint: str, values: Column, default: object = REQUIRED) -> Expression:
        """An expression with these values: a literal, a parameter, a multiple or a fraction of one.

        `hint` is the parameter's name if the block has none.
        """
        present = list(_present(values))
        constant = all(same(value, present[0]) for value in present)
        # Some uses lack the layer; an existing parameter of that name may have the right values for the others.
        if constant and len(present) < len(values) and _agree(self._column(hint), values):
            return InlineText(self._use(hint, self._column(hint), values, default))
        if constant:
            return literal(present[0])
        # A column with equal values wins over formulas: `width` says more than `planes * 1`.
        for name, column in self._candidates(hint):
            if _agree(column, values):
                return InlineText(self._use(name, column, values, default))
        for name, column in self._candidates(hint):
            formula = _multiple(column, values)
            if formula:
                return InlineText(f"{self._use(name, column, column, REQUIRED)} {formula}")
        return InlineText(self._use(hint, [ABSENT] * self.uses, values, default))

    def count(self, values: Column) -> Expression:
        """An expression for a number of repetitions: `6`, `depth`, `depth - 1`.

        A parameter of the block without another use is probably this number.
        """
        present = list(_present(values))
        if all(value == present[0] for value in present):
            return literal(present[0])
        for name, column in sorted(self._candidates(""), key=lambda item: item[0] in self.found):
            difference = "" if _agree(column, values) else _difference(column, values)
            if difference or _agree(column, values):
                return InlineText(f"{self._use(name, column, column, REQUIRED)}{difference}")
        return self.express("repeats", values)

    def flag(self, hint: str, values: Column) -> str:
        """A condition that is true in some uses."""
        expression = self.express(hint, values, default=False)
        assert isinstance(expression, InlineText)
        return expression.text

    def arguments(self, use: int) -> Mapping[str, object]:
        """The values of the parameters in one use. A parameter without meaning there has its value of another use."""
        # An argument must be given even if the use has no layer for it.
        return {name: next(_present([one.values[use], *one.values])) for name, one in self._ordered()}

    @property
    def signature(self) -> Signature:
        """The parameters in order, those with a default last."""
        return {name: one.default for name, one in self._ordered()}

    def annotations(self) -> Mapping[str, str]:
        """`int`, `float | None`: the type of each parameter's values."""
        return {name: _annotation(list(_present(one.values))) for name, one in self._ordered()}

    def _column(self, name: str) -> Column:
        return self.found[variable(name)].values if variable(name) in self.found else [ABSENT] * self.uses

    def _ordered(self) -> list[tuple[str, ClassParameter]]:
        return sorted(self.found.items(), key=lambda item: item[1].default is not REQUIRED)

    def _candidates(self, hint: str) -> Iterator[tuple[str, Column]]:
        """Existing and possible parameters; the one with the hint's name comes first."""
        known = {name: one.values for name, one in self.found.items()}
        named = {variable(name): column for name, column in self.given.items()}
        columns = {**known, **{name: column for name, column in named.items() if name not in known}}
        # The block's own names come first, because the author chose them.
        yield from sorted(columns.items(), key=lambda item: (item[0] != hint, item[0] not in named))

    def _use(self, name: str, column: Column, values: Column, default: object) -> str:
        """The parameter of a column; it is added, or completed with these values."""
        name = variable(name)
        # Another column has the name, so a second parameter is needed.
        if name in self.found and self.found[name].values is not column:
            name = unused(name, self.found)
        merged = [other if one is ABSENT else one for one, other in zip(column, values, strict=True)]
        kept = self.found[name].default if name in self.found else self.defaults.get(name, default)
        # A default that no use has would confuse the reader.
        usual = any(same(value, kept) for value in merged)
        self.found[name] = ClassParameter(merged, kept if usual else REQUIRED)
        return name


def _present(values: Column) -> Iterator[object]:
    return (value for value in values if value is not ABSENT)


def same(one: object, other: object) -> bool:
    """Whether two values are equal for a reader: 2 and 2.0 are, 1 and true are not."""
    # True equals 1 in Python.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _agree(column: Column, values: Column) -> bool:
    """Whether two columns are equal where both have values, and both have a value somewhere."""
    pairs = [(one, other) for one, other in zip(column, values, strict=True) if ABSENT not in (one, other)]
    return bool(pairs) and all(same(one, other) for one, other in pairs)


def _integers(column: Column, values: Column) -> Sequence[tuple[int, int]]:
    """The pairs of both columns, if all are whole numbers; else none."""
    pairs = [(one, other) for one, other in zip(column, values, strict=True) if other is not ABSENT]
    # True is no number here.
    whole = [(one, other) for one, other in pairs if type(one) is int and type(other) is int]
    return whole if len(whole) == len(pairs) else ()


def _difference(column: Column, values: Column) -> str:
    """`- 1`: the constant between the columns; empty if there is none."""
    differences = {other - one for one, other in _integers(column, values)}
    if len(differences) != 1:
        return ""
    (difference,) = differences
    return f" {'+' if difference > 0 else '-'} {abs(difference)}"


def _multiple(column: Column, values: Column) -> str:
    """`* 4`, `// 16`: the factor between the columns; empty if there is none."""
    pairs = _integers(column, values)
    for factor in range(2, LARGEST_FACTOR + 1) if pairs else ():
        if all(right == left * factor for left, right in pairs):
            return f"* {factor}"
        if all(right == left // factor for left, right in pairs):
            return f"// {factor}"
    return ""


def _annotation(values: Column) -> str:
    names = {_type_name(value) for value in values}
    if names >= {"int", "float"}:
        # Python accepts an int for a float.
        names -= {"int"}
    return " | ".join(sorted(names, key=lambda name: (name == "None", name)))


def _type_name(value: object) -> str:
    if isinstance(value, tuple):
        return f"tuple[{' | '.join(sorted({_type_name(element) for element in value}))}, ...]"
    return "None" if value is None else "str" if isinstance(value, str) else type(value).__name__
