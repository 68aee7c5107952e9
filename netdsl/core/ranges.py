"""Ranges of numbers, written where a parameter is declared: `batch: Annotated[int, AtLeast(1)] = 64`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Annotated, ClassVar

from netdsl.core.errors import Refusal
from netdsl.core.text import text


@dataclass(frozen=True, slots=True)
class Range(ABC):
    """The numbers that a parameter may have.

    `words` says which they are, `refusal` that a value is none of them; both are templates over the range's fields.
    """

    words: ClassVar[str]
    refusal: ClassVar[str]

    @abstractmethod
    def holds(self, value: float) -> bool:
        """Whether a number lies inside."""

    def __str__(self) -> str:
        return text(self.words, **_shown(asdict(self)))

    def check(self, name: str, value: object) -> None:
        """Refuses a number outside, or a tuple that holds one; none, symbols and texts are left alone.

        Raises:
            Refusal: with the name as its parameter.
        """
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, (int, float)) and not self.holds(number):
                raise Refusal(text(self.refusal, name=name, **_shown({"value": number, **asdict(self)})), name)


@dataclass(frozen=True, slots=True)
class AtLeast(Range):
    """From `least` on."""

    words = "at least {least}"
    refusal = "`{name}` is {value} but must be at least {least}"

    least: float

    def holds(self, value: float) -> bool:
        """Whether a number is not below `least`; NaN is not inside."""
        return value >= self.least


@dataclass(frozen=True, slots=True)
class Above(Range):
    """From `bound` on, `bound` left out."""

    words = "above {bound}"
    refusal = "`{name}` is {value} but must be above {bound}"

    bound: float

    def holds(self, value: float) -> bool:
        """Whether a number is above `bound`."""
        return value > self.bound


@dataclass(frozen=True, slots=True)
class Closed(Range):
    """From `low` to `high`, both included: probabilities and shares."""

    words = "between {low} and {high}"
    refusal = "`{name}` is {value} but must be between {low} and {high}"

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a number lies between the bounds or is one of them."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Open(Range):
    """From `low` to `high`, both left out: a share that leaves something on either side."""

    words = "above {low} and below {high}"
    refusal = "`{name}` is {value} but must be above {low} and below {high}"

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a number lies between the bounds and is none of them."""
        return self.low < value < self.high


@dataclass(frozen=True, slots=True)
class HalfOpen(Range):
    """From `low` to `high`, `high` left out: the rates of running means."""

    words = "at least {low} and below {high}"
    refusal = "`{name}` is {value} but must be at least {low} and below {high}"

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a number is at least `low` and below `high`."""
        return self.low <= value < self.high


Count = Annotated[int, AtLeast(1)]
NonNegative = Annotated[float, AtLeast(0)]
Positive = Annotated[float, Above(0)]
Share = Annotated[float, Closed(0, 1)]


def _shown(numbers: dict[str, float]) -> dict[str, str]:
    """Numbers as they are written: `1`, `0.5`, `1e-08`."""
    return {name: str(value) if isinstance(value, int) else f"{value:g}" for name, value in numbers.items()}
