"""The ranges of numbers: each function refuses the first of its named numbers that lies outside. None is left alone."""

from __future__ import annotations

from netdsl.core.errors import Refusal


def at_least(least: float, **given: float | None) -> None:
    """Refuses what is below `least`: `at_least(1, batch=batch)`."""
    for name, value in given.items():
        if value is not None and not value >= least:
            _refuse(name, value, f"at least {least:g}")


def above(bound: float, **given: float | None) -> None:
    """Refuses what is not above `bound`."""
    for name, value in given.items():
        if value is not None and not value > bound:
            _refuse(name, value, f"above {bound:g}")


def share(**given: float | None) -> None:
    """Refuses what is not from 0 to 1, both included."""
    for name, value in given.items():
        if value is not None and not 0 <= value <= 1:
            _refuse(name, value, "between 0 and 1")


def part(**given: float | None) -> None:
    """Refuses what is not between 0 and 1, both left out."""
    for name, value in given.items():
        if value is not None and not 0 < value < 1:
            _refuse(name, value, "above 0 and below 1")


def decay(**given: float | tuple[float, ...] | None) -> None:
    """Refuses the rates of running means that are not at least 0 and below 1."""
    for name, value in given.items():
        for rate in value if isinstance(value, tuple) else (value,):
            if rate is not None and not 0 <= rate < 1:
                _refuse(name, rate, "at least 0 and below 1")


def _refuse(name: str, value: float, bounds: str) -> None:
    raise Refusal(f"`{name}` is {value:g} but must be {bounds}", name)
