from math import inf, nan

import pytest

from netdsl.core.errors import Refusal
from netdsl.core.ranges import Above, AtLeast, Closed, HalfOpen, Open, Range
from netdsl.core.sizes import UNKNOWN, symbol


@pytest.mark.parametrize(
    ("numbers", "inside", "outside", "words"),
    [
        (AtLeast(1), [1, 2.5, inf], [0, 0.99, -inf, nan], "at least 1"),
        (Above(0), [1e-9, inf], [0, -1, nan], "above 0"),
        (Closed(0, 1), [0, 0.5, 1], [-0.1, 1.1, nan], "between 0 and 1"),
        (Open(0, 1), [0.5], [0, 1, nan], "above 0 and below 1"),
        (HalfOpen(0, 1), [0, 0.999], [1, -0.1, nan], "at least 0 and below 1"),
    ],
)
def test_a_range_holds_its_numbers(numbers: Range, inside: list[float], outside: list[float], words: str) -> None:
    assert str(numbers) == words
    for value in inside:
        numbers.check("x", value)
    numbers.check("x", tuple(inside))
    for value in outside:
        with pytest.raises(Refusal, match=f"^`x` is .* but must be {words}$") as refused:
            numbers.check("x", value)
        assert refused.value.parameter == "x"
        with pytest.raises(Refusal):
            numbers.check("x", (*inside, value))


@pytest.mark.parametrize("value", [None, "auto", UNKNOWN, symbol("H"), (), (None, "auto")])
def test_what_is_no_number_is_left_alone(value: object) -> None:
    AtLeast(1).check("x", value)


@pytest.mark.parametrize(("value", "written"), [(0, "0"), (-20000000, "-20000000"), (-0.5, "-0.5"), (-1e-9, "-1e-09")])
def test_a_number_is_shown_as_it_is_written(value: float, written: str) -> None:
    with pytest.raises(Refusal, match=f"^`x` is {written} but must be at least 1$"):
        AtLeast(1).check("x", value)
