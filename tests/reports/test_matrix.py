from __future__ import annotations

from xml.etree import ElementTree

from netdsl.reports.matrix import draw_matrix, find_confused

MATRIX = [[5, 0, 1], [0, 4, 2], [0, 0, 3]]


def test_a_matrix_has_titles_names_and_numbers() -> None:
    svg = ElementTree.fromstring(draw_matrix(MATRIX, ["cat", "d<g", "a class with a long name"]))
    words = [one.text for one in svg.iter("text")]
    assert words[:2] == ["predicted class", "true class"]
    assert words.count("cat") == words.count("d<g") == words.count("a class with a …") == 2
    assert sorted(word for word in words if word and word.isdigit()) == ["1", "2", "3", "4", "5"]
    assert svg.get("aria-label") == "confusion matrix of 3 classes: 12 of 15 are right"
    assert [one.text for one in svg.iter("title")][1] == "cat taken for a class with a long name: 1 time"
    assert [one.get("class") for one in svg.iter("g")] == ["right", "wrong", "right", "wrong", "right"]


def test_a_matrix_of_many_classes_has_cells_alone() -> None:
    many = [[int(row == column) for column in range(80)] for row in range(80)]
    svg = ElementTree.fromstring(draw_matrix(many, [f"class {number}" for number in range(80)]))
    assert len(list(svg.iter("text"))) == 2
    assert float(svg.get("viewBox", "").split()[2]) < 640


def test_the_pairs_that_are_confused_most_come_first() -> None:
    assert find_confused(MATRIX, 5) == [(2, 1, 2), (1, 0, 2)]
