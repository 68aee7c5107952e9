from __future__ import annotations

import pytest

from tests import effort
from tests.effort import most_calls


def count_down(number: int) -> None:
    if number:
        count_down(number - 1)


def test_calls_are_counted_with_those_inside() -> None:
    with most_calls(110):
        count_down(100)
    with pytest.raises(AssertionError, match=r"1\d\d calls"), most_calls(90):
        count_down(100)


def test_what_no_call_shows_is_told_by_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "ENDLESS", 0.01)
    with pytest.raises(AssertionError), most_calls(1000):
        sum(range(10_000_000))


def test_a_mistake_comes_out() -> None:
    with pytest.raises(ZeroDivisionError), most_calls(0):
        _ = 1 / 0
