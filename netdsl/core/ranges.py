"""Ranges of numbers, written where a parameter is declared: `batch: Annotated[int, AtLeast(1)] = 64`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar

from netdsl.core.errors import Refusal
from netdsl.core.text import text


class Range(ABC):
    """The numbers that a parameter may have.

    `words` says which they are, `refusal` that a value is none of them; both are templates over the bounds.
    """

    words: ClassVar[str]
    refusal: ClassVar[str]

    # Not dataclasses: five of them cost every command 3 ms before it begins.
    def __init__(self, **bounds: float) -> None:
        self.bounds = bounds

    @abstractmethod
    def holds(self, value: float) -> bool:
        """Whether a number lies inside; NaN lies in none."""

    def __str__(self) -> str:
        return text(self.words, **_shown(self.bounds))

    def check(self, name: str, value: object) -> None:
        """Refuses a number outside, or a tuple that holds one; none, symbols and texts are left alone.

        Raises:
            Refusal: with the name as its parameter.
        """
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, (int, float)) and not self.holds(number):
                raise Refusal(text(self.refusal, name=name, **_shown({"value": number, **self.bounds})), name)


class AtLeast(Range):
    """From `least` on."""

    words = "at least {least}"
    refusal = "`{name}` is {value} but must be at least {least}"

    def __init__(self, least: float) -> None:
        super().__init__(least=least)

    def holds(self, value: float) -> bool:
        """Whether a number is not below `least`."""
        return value >= self.bounds["least"]


class Above(Range):
    """From `bound` on, `bound` left out."""

    words = "above {bound}"
    refusal = "`{name}` is {value} but must be above {bound}"

    def __init__(self, bound: float) -> None:
        super().__init__(bound=bound)

    def holds(self, value: float) -> bool:
        """Whether a number is above `bound`."""
        return value > self.bounds["bound"]


class _Between(Range):
    def __init__(self, low: float, high: float) -> None:
        super().__init__(low=low, high=high)


class Closed(_Between):
    """From `low` to `high`, both included: probabilities and shares."""

    words = "between {low} and {high}"
    refusal = "`{name}` is {value} but must be between {low} and {high}"

    def holds(self, value: float) -> bool:
        """Whether a number lies between the bounds or is one of them."""
        return self.bounds["low"] <= value <= self.bounds["high"]


class Open(_Between):
    """From `low` to `high`, both left out: a share that leaves something on either side."""

    words = "above {low} and below {high}"
    refusal = "`{name}` is {value} but must be above {low} and below {high}"

    def holds(self, value: float) -> bool:
        """Whether a number lies between the bounds and is none of them."""
        return self.bounds["low"] < value < self.bounds["high"]


class HalfOpen(_Between):
    """From `low` to `high`, `high` left out: the rates of running means."""

    words = "at least {low} and below {high}"
    refusal = "`{name}` is {value} but must be at least {low} and below {high}"

    def holds(self, value: float) -> bool:
        """Whether a number is at least `low` and below `high`."""
        return self.bounds["low"] <= value < self.bounds["high"]


Count = Annotated[int, AtLeast(1)]
NonNegative = Annotated[float, AtLeast(0)]
Positive = Annotated[float, Above(0)]
Share = Annotated[float, Closed(0, 1)]


def _shown(numbers: Mapping[str, float]) -> dict[str, str]:
    """Numbers as they are written: `1`, `0.5`, `1e-08`."""
    return {name: str(value) if isinstance(value, int) else f"{value:g}" for name, value in numbers.items()}
