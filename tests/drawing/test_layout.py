"""Every picture is measured: nothing overlaps, no text leaves its box, and no line crosses a box."""

from dataclasses import replace
from itertools import combinations, pairwise

import pytest

from netdsl.drawing.picture import Area, Face, Line, Picture, Point
from tests.drawing.nets import NAMES, draw_net

CASES = [(name, None, direction) for name in NAMES for direction in (None, "down", "right")]
CASES += [(name, depth, direction) for name in NAMES for depth in (1, 2) for direction in (None, "right")]


@pytest.mark.parametrize("name", NAMES)
def test_volumes_stand_apart_and_so_do_their_words(name: str) -> None:
    picture = replace(draw_net(name), style="volumes").picture
    fronts = [box_around(face) for face in picture.faces if face.kind == "front"]
    assert [pair for pair in combinations(fronts, 2) if pair[0].overlaps(pair[1])] == []
    assert [pair for pair in combinations(picture.words, 2) if pair[0].area.overlaps(pair[1].area)] == []
    areas = [box_around(face) for face in picture.faces if face.kind != "window"]
    assert [(words, area) for words in picture.words for area in fronts if words.area.overlaps(area)] == []
    skips = [line for line in picture.lines if line.dashed]
    assert [line for line in skips if crossed(line, [words.area for words in picture.words])] == []
    page = Area(0, 0, picture.width, picture.height)
    assert all(page.holds(area) for area in [*areas, *(words.area for words in picture.words)])
    assert all(page.holds(Area(*point, 0, 0)) for line in picture.lines for point in line.points)


def box_around(face: Face) -> Area:
    xs, ys = zip(*face.corners, strict=True)
    return Area(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def picture(request: pytest.FixtureRequest) -> Picture:
    name, depth, direction = request.param
    return replace(draw_net(name), depth=depth, direction=direction).picture


def solids(picture: Picture) -> list[Area]:
    """What stands in the way: boxes and circles."""
    circles = [
        Area(one.center.x - one.radius, one.center.y - one.radius, 2 * one.radius, 2 * one.radius)
        for one in picture.circles
    ]
    return [*(box.area for box in picture.boxes), *circles]


def crossed(line: Line, areas: list[Area]) -> list[Area]:
    """What a line runs through; to touch a border, where it begins and ends, is no crossing."""
    found = []
    for start, end in pairwise(line.points):
        thin = Area(min(start.x, end.x), min(start.y, end.y), abs(end.x - start.x), abs(end.y - start.y))
        found += [area for area in areas if _thicken(thin).overlaps(area, slack=1)]
    return found


def _thicken(area: Area) -> Area:
    """A line of the width that it is drawn with."""
    return Area(area.x - 0.5, area.y - 0.5, area.width + 1, area.height + 1)


def inner(line: Line) -> Line:
    """The line without the ends that touch what it joins."""
    first, *middle, last = line.points
    second, before = (line.points[1], line.points[-2])
    return line._replace(points=(_toward(first, second), *middle, _toward(last, before)))


def _toward(start: Point, end: Point) -> Point:
    step = 1.2
    return Point(
        start.x + step * ((end.x > start.x) - (end.x < start.x)),
        start.y + step * ((end.y > start.y) - (end.y < start.y)),
    )


def test_nothing_stands_on_another(picture: Picture) -> None:
    assert [pair for pair in combinations(solids(picture), 2) if pair[0].overlaps(pair[1])] == []


def test_no_text_leaves_its_box(picture: Picture) -> None:
    outside = [(box.area, line) for box in picture.boxes for line in box.lines if not box.area.holds(line.area)]
    assert outside == []
    lines = [pair for box in picture.boxes for pair in combinations(box.lines, 2)]
    assert [pair for pair in lines if pair[0].area.overlaps(pair[1].area)] == []


def test_no_words_lie_on_a_box_or_on_other_words(picture: Picture) -> None:
    areas = solids(picture)
    assert [words for words in picture.words for area in areas if words.area.overlaps(area)] == []
    overlaps = [pair for pair in combinations(picture.words, 2) if pair[0].area.overlaps(pair[1].area)]
    assert overlaps == []


def test_no_line_crosses_a_box(picture: Picture) -> None:
    areas = solids(picture)
    assert [(line, hit) for line in picture.lines if (hit := crossed(inner(line), areas))] == []


def test_no_line_crosses_words(picture: Picture) -> None:
    areas = [words.area for words in picture.words]
    assert [(line, hit) for line in picture.lines if (hit := crossed(line, areas))] == []


def test_frames_lie_in_each_other_or_apart(picture: Picture) -> None:
    frames = [frame.area for frame in picture.frames]
    for one, other in combinations(frames, 2):
        assert one.holds(other) or other.holds(one) or not one.overlaps(other)
    for frame in frames:
        assert [area for area in solids(picture) if frame.overlaps(area) and not frame.holds(area)] == []


def test_everything_is_on_the_page(picture: Picture) -> None:
    page = Area(0, 0, picture.width, picture.height)
    swatches = [swatch.area for swatch in picture.swatches]
    for area in (
        *solids(picture),
        *(frame.area for frame in picture.frames),
        *(words.area for words in picture.words),
        *swatches,
    ):
        assert page.holds(area)
    for line in picture.lines:
        assert all(page.holds(Area(*point, 0, 0)) for point in line.points)
