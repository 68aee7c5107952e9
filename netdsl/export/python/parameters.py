"""The parameters of an exported class: what differs between uses of a block, under the names that it has there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from netdsl.export.python.layout import Expression, InlineText, literal
from netdsl.export.python.names import unused, variable
from netdsl.export.python.signatures import REQUIRED, Signature

ABSENT: Final = object()
"""The value of an argument in a use that has no such argument, since it has no such layer."""

LARGEST_FACTOR = 64

Column = Sequence[Any]
"""The values of one argument, a use each."""


class Differ(Exception):
    """Raised where two uses of a block are too unlike to be one class."""


@dataclass
class ClassParameter:
    """A parameter: its value in each use, and its default, or `REQUIRED`."""

    values: list[Any]
    default: Any = REQUIRED


@dataclass
class Parameters:
    """The parameters that a class has come to need so far.

    Args:
        given: what the block's own parameters stand for, a column each.
        defaults: what some of them are unless given.
    """

    uses: int
    given: Mapping[str, Column] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    found: dict[str, ClassParameter] = field(default_factory=dict)

    def copy(self) -> Parameters:
        """The same, to try something on."""
        found = {name: ClassParameter(list(one.values), one.default) for name, one in self.found.items()}
        return Parameters(self.uses, self.given, self.defaults, found)

    def express(self, hint: str, values: Column, default: Any = REQUIRED) -> Expression:
        """An expression that is worth these values: a literal, a parameter, a multiple or a part of one.

        `hint` names the parameter where the block has no name for it.
        """
        present = list(_present(values))
        constant = all(same(value, present[0]) for value in present)
        # In some uses the layer is missing: the parameter of that name may serve both.
        if constant and len(present) < len(values) and _agree(self._column(hint), values):
            return InlineText(self._use(hint, self._column(hint), values, default))
        if constant:
            return literal(present[0])
        # Equal values of one column before formulas: `width` says more than `planes * 1`.
        for name, column in self._candidates(hint):
            if _agree(column, values):
                return InlineText(self._use(name, column, values, default))
        for name, column in self._candidates(hint):
            formula = _multiple(column, values)
            if formula:
                return InlineText(f"{self._use(name, column, column, REQUIRED)} {formula}")
        return InlineText(self._use(hint, [ABSENT] * self.uses, values, default))

    def count(self, values: Column) -> Expression:
        """An expression that says how often something is repeated: `6`, `depth`, `depth - 1`.

        A parameter of the block that says nothing else most likely says this.
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
        """The condition that is true in some uses."""
        expression = self.express(hint, values, default=False)
        assert isinstance(expression, InlineText)
        return expression.text

    def arguments(self, use: int) -> Mapping[str, Any]:
        """What the parameters are in one use; one without meaning there is what it is elsewhere."""
        # A class's argument has to be given even where the use has no layer for it.
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
        """Parameters that there are or may be, the one of the hint's name first."""
        known = {name: one.values for name, one in self.found.items()}
        named = {variable(name): column for name, column in self.given.items()}
        columns = {**known, **{name: column for name, column in named.items() if name not in known}}
        # The block's own names first, since the author chose them.
        yield from sorted(columns.items(), key=lambda item: (item[0] != hint, item[0] not in named))

    def _use(self, name: str, column: Column, values: Column, default: Any) -> str:
        """The parameter of a column, entered or completed by these values."""
        name = variable(name)
        # Another column has the name: both cannot be one parameter.
        if name in self.found and self.found[name].values is not column:
            name = unused(name, self.found)
        merged = [other if one is ABSENT else one for one, other in zip(column, values, strict=True)]
        kept = self.found[name].default if name in self.found else self.defaults.get(name, default)
        # A default that no use has would mislead the reader.
        usual = any(same(value, kept) for value in merged)
        self.found[name] = ClassParameter(merged, kept if usual else REQUIRED)
        return name


def _present(values: Column) -> Iterator[Any]:
    return (value for value in values if value is not ABSENT)


def same(one: object, other: object) -> bool:
    """Whether two values are written alike: 2 and 2.0 are, 1 and true are not."""
    # True equals 1 in Python.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _agree(column: Column, values: Column) -> bool:
    """Whether two columns differ nowhere, and meet somewhere."""
    pairs = [(one, other) for one, other in zip(column, values, strict=True) if ABSENT not in (one, other)]
    return bool(pairs) and all(same(one, other) for one, other in pairs)


def _integers(column: Column, values: Column) -> Sequence[tuple[int, int]]:
    """The pairs of both columns where both are whole numbers throughout; else none."""
    pairs = [(one, other) for one, other in zip(column, values, strict=True) if other is not ABSENT]
    return pairs if all(type(number) is int for pair in pairs for number in pair) else ()


def _difference(column: Column, values: Column) -> str:
    """`- 1`: what makes the values of the column; empty where no constant does."""
    differences = {other - one for one, other in _integers(column, values)}
    if len(differences) != 1:
        return ""
    (difference,) = differences
    return f" {'+' if difference > 0 else '-'} {abs(difference)}"


def _multiple(column: Column, values: Column) -> str:
    """`* 4`, `// 16`: what makes the values of the column; empty where no factor does."""
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
