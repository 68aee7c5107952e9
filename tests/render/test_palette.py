"""The colours of classes: few are told apart by everybody, and those that are called background have none."""

from itertools import combinations

import pytest

from netdsl.render.palette import HUES, NEUTRAL, class_color, is_background
from tests.drawing.test_themes import DEFICIENCIES, JUST_SEEN, distance

VOC = ("background", *(f"thing {number}" for number in range(20)))


@pytest.mark.parametrize(("classes", "apart"), [(len(HUES), 7 * JUST_SEEN), (20, 3 * JUST_SEEN)])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_classes_can_be_told_apart(deficiency: str, classes: int, apart: float) -> None:
    colors = {class_color(number, VOC).hex for number in range(1, classes + 1)}
    assert len(colors) == classes
    found = {pair: distance(*pair, DEFICIENCIES[deficiency]) for pair in combinations(sorted(colors), 2)}
    assert {pair: round(found, 1) for pair, found in found.items() if found < apart} == {}


def test_the_background_is_left_as_it_is() -> None:
    assert is_background(0, ("Background", "cat"))
    assert is_background(0, ("0", "1"))
    assert is_background(1, ("pet", "background", "outline"))
    assert not is_background(0, ("pet", "background", "outline"))
    assert class_color(1, ("pet", "background", "outline")) == NEUTRAL


def test_a_class_has_one_colour_wherever_it_is() -> None:
    assert class_color(1, ("background", "cat")) == class_color(0, ("cat", "dog")) == HUES[0]
    assert class_color(22, VOC) == class_color(1, VOC)
