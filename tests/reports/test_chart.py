from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from netdsl.reports.chart import (
    AxisScale,
    BestMark,
    ChartLine,
    CurvePoint,
    draw_lines,
    draw_scatter,
    find_ticks,
    short,
    thin_out,
)


def points(*values: float) -> list[CurvePoint]:
    return [CurvePoint(float(place), value) for place, value in enumerate(values, 1)]


@pytest.mark.parametrize(
    ("low", "high", "ticks", "written"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.0, 1.1, [0.0, 0.25, 0.5, 0.75, 1.0], ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (-3.0, 12.0, [0.0, 5.0, 10.0], ["0", "5", "10"]),
        (0.0, 4200.0, [0.0, 1000.0, 2000.0, 3000.0, 4000.0], ["0", "1,000", "2,000", "3,000", "4,000"]),
        (0.0, 2e-4, [0.0, 5e-5, 1e-4, 1.5e-4, 2e-4], ["0", "5e-05", "0.0001", "0.00015", "0.0002"]),
    ],
)
def test_ticks_are_round_and_written_as_they_are(
    low: float, high: float, ticks: list[float], written: list[str]
) -> None:
    found = find_ticks(low, high)
    assert found == pytest.approx(ticks)
    assert [short(AxisScale(low, high, 0, 1))(one) for one in found] == written


def test_epochs_are_whole() -> None:
    assert find_ticks(1, 3, whole=True) == [1, 2, 3]


def test_thinning_out_loses_neither_peak_nor_end() -> None:
    many = points(*(math.sin(place) for place in range(10_000)))
    many[7_777] = many[7_777]._replace(y=9.0)
    kept = thin_out(many)
    assert len(kept) <= 502
    assert max(one.y for one in kept) == 9.0
    assert (kept[0].x < 40, kept[-1]) == (True, many[-1])
    assert [one.x for one in kept] == sorted(one.x for one in kept)


def test_a_chart_has_its_lines_its_mark_and_words_for_those_who_do_not_see_it() -> None:
    series = [
        ChartLine("loss", points(3.0, 1.0, math.nan, 2.0), "train"),
        ChartLine("behind", points(900.0), "test", pale=True),
    ]
    mark = BestMark(CurvePoint(2.0, 1.0), "train", "1.0 in epoch 2")
    svg = ElementTree.fromstring(draw_lines(series, 'a "loss" & more', "epoch", marks=[mark]))
    assert svg.get("aria-label") == 'a "loss" & more'
    kinds = [one.get("class") for one in svg.iter("path")]
    assert kinds.count("line train") == kinds.count("pale test") == kinds.count("best") == 1
    assert [one.get("class") for one in svg.iter("circle")] == ["dot train"] * 3 + ["ring train"]
    assert "epoch" in [one.text for one in svg.iter("text")]


@pytest.mark.parametrize(
    "values", [(), (2.0,), (0.0, 0.0), (math.nan,), (math.inf, 1.0), (1e300, -1e300), (1e-300, 0.0)]
)
def test_every_curve_can_be_drawn_inside_its_frame(values: tuple[float, ...]) -> None:
    drawn = draw_lines([ChartLine("a", points(*values), "train")], "a", "epoch")
    ElementTree.fromstring(drawn)
    assert "nan" not in drawn.replace("anchor", "")
    for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", " ".join(re.findall(r' d="M([^"]*)"', drawn))):
        assert (0 <= float(x) <= 380, 0 <= float(y) <= 236) == (True, True)


def test_predictions_lie_beside_their_targets() -> None:
    svg = ElementTree.fromstring(draw_scatter([CurvePoint(1.0, 2.0), CurvePoint(3.0, 3.0)], "two", "true", "predicted"))
    assert [one.find("title").text for one in svg.iter("circle")] == ["1 → 2", "3 → 3"]  # type: ignore[union-attr]
    assert {"true", "predicted"} <= {one.text for one in svg.iter("text")}
