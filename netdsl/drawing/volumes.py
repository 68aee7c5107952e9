"""The figure of the papers: feature maps as boxes in perspective, their sizes in proportion; features as bars.

The thickness of a box is its channels, its height and its depth are the map's. Layers that keep a map as it is, such as
activations, are not drawn: what is seen are the maps between those that make new ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import log2
from typing import Literal, NamedTuple

from netdsl.components import Shape
from netdsl.core.sizes import Dim, Unknown, evaluate, symbols
from netdsl.core.text import text
from netdsl.drawing.box_text import write_params
from netdsl.drawing.compose import MARGIN, SUBTITLE, finish
from netdsl.drawing.diagram import Box, Diagram, Frame, Parallel, Series
from netdsl.drawing.layout import Placed
from netdsl.drawing.picture import Face, Line, Picture, Point, Words
from netdsl.drawing.text_width import crop_to, measure

Scale = Literal["log", "linear"]

SYMBOL = 256
"""What a symbol is drawn as; its name is written."""

TALLEST, THICKEST, LONGEST = 170.0, 56.0, 210.0
"""The height of the largest map, the thickness of the most channels, the length of the most features."""

SMALLEST = 5.0
SMALLEST_WINDOW = 9.0
BAR = 11.0
SLANT = 0.36, 0.26
"""How far one unit of depth goes to the right and up."""

GAP = 30.0
NAME, SMALL = 11.0, 10.0
WIDEST = 104.0
LANE = 15.0
INPUT = ""
"""The family of what no layer made."""


@dataclass
class _Volume:
    """One map, and the statement that makes it; none for an input.

    It receives the output that `start` names, where that is not the map before it; `follows` says that an arrow leads
    from there.
    """

    box: Box | None
    shape: tuple[Shape, ...]
    label: str = ""
    takes: frozenset[str] = frozenset()
    start: str = ""
    follows: bool = True
    x: float = 0.0
    size: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lines: list[Words] = field(default_factory=list)

    @property
    def thickness(self) -> float:
        """How far it extends to the right, its depth left out."""
        return self.size[0]

    @property
    def height(self) -> float:
        """How high its front is."""
        return self.size[1]

    @property
    def slant(self) -> Point:
        """How far its back lies to the right and up."""
        return Point(self.size[2] * SLANT[0], self.size[2] * SLANT[1])

    @property
    def width(self) -> float:
        """All that it takes from left to right."""
        return self.thickness + self.slant.x


class _Sizes(NamedTuple):
    """The largest numbers of a net, to which all are in proportion."""

    places: int
    channels: int
    features: int
    scale: Scale

    def of(self, shape: Shape) -> tuple[float, float, float]:
        """Thickness, height and depth of a map; a bar for features, a plate for a sequence."""
        numbers = [_number(dim) for dim in shape]
        match numbers:
            case []:
                return BAR, SMALLEST, 0.0
            case [features]:
                return BAR, self._length(features, self.features, LONGEST), 0.0
            case [channels, length]:
                return self._length(channels, self.channels, THICKEST), self._length(length, self.places, TALLEST), 0.0
        channels, height, width = numbers[0], numbers[-2], numbers[-1]
        return (
            self._length(channels, self.channels, THICKEST),
            self._length(height, self.places, TALLEST),
            self._length(width, self.places, TALLEST),
        )

    def _length(self, number: int, most: int, longest: float) -> float:
        if self.scale == "linear":
            return max(SMALLEST, longest * number / max(most, 1))
        return max(SMALLEST, longest * log2(1 + number) / log2(1 + max(most, 1)))


def compose_volumes(diagram: Diagram, scale: Scale = "log") -> Picture:
    """The picture of a net as volumes."""
    volumes = list(_find_volumes(diagram))
    sizes = _measure_all(volumes, scale)
    for volume in volumes:
        volume.size = sizes.of(volume.shape[-1])
    placed, faces = Placed(), list[Face]()
    _place_in_row(volumes, diagram)
    lanes = _lanes(volumes)
    top = min((-volume.height / 2 - volume.slant.y - 40 for volume in volumes), default=0) - LANE * len(lanes)
    axis = MARGIN + 17 + SUBTITLE + 26 - top
    for volume in volumes:
        faces += _faces(volume, axis)
        placed.words += [words._replace(y=round(words.y + axis, 1)) for words in volume.lines]
    for before, after in pairwise(volumes):
        if not after.follows:
            continue
        window = after.box.window if after.box else ()
        if window and len(before.shape[-1]) > 2 and before.slant.x:
            found, lines = _window(before, after, window, axis)
            faces.append(found)
            placed.lines += lines
        else:
            start = Point(round(before.x + before.width + 3, 1), axis)
            placed.lines.append(Line((start, Point(round(after.x - 3, 1), axis))))
    for number, (source, target) in enumerate(lanes):
        height = axis + top + LANE * number + 4
        points = (
            Point(_crest(volumes[source]), axis - volumes[source].height / 2 - volumes[source].slant.y - 32),
            Point(_crest(volumes[source]), height),
            Point(_crest(volumes[target]), height),
            Point(_crest(volumes[target]), axis - volumes[target].height / 2 - volumes[target].slant.y - 32),
        )
        placed.lines.append(Line(points, dashed=True))
    low = max((volume.height / 2 + 32 for volume in volumes), default=0)
    right = max((line.area.right for line in placed.words), default=0)
    wide = max([right, *(volume.x + volume.width for volume in volumes)]) - MARGIN
    return finish(diagram, placed, wide, axis + low, faces)


def _find_volumes(diagram: Diagram) -> Iterator[_Volume]:
    root = diagram.root
    if not root.parts:
        return
    first = diagram.inputs[0].name if diagram.inputs else ""
    yield _Volume(None, root.inputs, first)
    inputs = {one.name: one for one in diagram.inputs[1:]}
    for volume in _of_series(root, 1):
        # An input stands before the first map that receives it.
        for name in (volume.start, *sorted(volume.takes)):
            if (one := inputs.pop(name, None)) is not None:
                yield _Volume(None, (one.shape,), name, follows=False)
                volume.start = "" if volume.start == name else volume.start
        volume.follows = not volume.start
        yield volume


def _of_series(series: Series, times: int) -> Iterator[_Volume]:
    """The maps of a series; a parallel is one map, the one that its arms join into."""
    before, start = series.inputs, ""
    for part in series.parts:
        start = part.start or start
        match part:
            case Frame():
                inside = list(_of_series(part.content, times * part.times))
                for volume in inside:
                    volume.start, start = volume.start or start, ""
                if inside and not inside[-1].label:
                    inside[-1].label = part.label
                yield from inside
            case Parallel(box=box) | (Box() as box):
                box = replace(box, times=max(box.times, times))
                shown = box.makes_map or part.shapes != before or box.closed or box.messages
                if shown or isinstance(part, Parallel) or (series.is_rewired and (part.label or part.takes or start)):
                    yield _Volume(box, part.shapes, part.label, part.takes, start)
                    start = ""
        before = part.shapes


def _measure_all(volumes: Sequence[_Volume], scale: Scale) -> _Sizes:
    shapes = [[_number(dim) for dim in volume.shape[-1]] for volume in volumes]
    places = max((max(shape[1:]) for shape in shapes if len(shape) > 1), default=1)
    channels = max((shape[0] for shape in shapes if len(shape) > 1), default=1)
    features = max((shape[0] for shape in shapes if len(shape) == 1), default=1)
    return _Sizes(places, channels, features, scale)


def _number(dim: Dim) -> int:
    """What a size is drawn as, where it is a formula or unknown."""
    if isinstance(dim, Unknown):
        return SYMBOL
    return max(1, evaluate(dim, dict.fromkeys(symbols((dim,)), SYMBOL)))


def _place_in_row(volumes: Sequence[_Volume], diagram: Diagram) -> None:
    """Gives each volume its place and its words: the statement above, the shape below."""
    x = MARGIN
    for volume in volumes:
        shape = diagram.write_shape(volume.shape)
        above, below = _words_of(volume, shape)
        wide = max([volume.width, *(measure(line, size, bold=bold) for line, size, bold in (*above, *below))])
        volume.x = round(x + (wide - volume.width) / 2, 1)
        middle = round(x + wide / 2, 1)
        y = -volume.height / 2 - volume.slant.y - 8 - 13 * (len(above) - 1)
        for line, size, bold in above:
            volume.lines.append(Words(middle, y, line, size, "strong" if bold else "plain", "middle"))
            y += 13
        y = volume.height / 2 + 15
        for line, size, _ in below:
            volume.lines.append(Words(middle, y, line, size, "muted", "middle"))
            y += 13
        x += wide + GAP


def _words_of(volume: _Volume, shape: str) -> tuple[list[tuple[str, float, bool]], list[tuple[str, float, bool]]]:
    box = volume.box
    if box is None:
        return [(volume.label or text("input"), NAME, True)], [(shape, SMALL, False)]
    title = f"{box.title} × {box.times}" if box.times > 1 else box.title
    above = [(crop_to(title, WIDEST, NAME, bold=True), NAME, True)]
    if box.detail:
        above.append((crop_to(box.detail, WIDEST, SMALL), SMALL, False))
    below = [(shape, SMALL, False)]
    if params := write_params(box):
        below.append((params, SMALL, False))
    return above, below


def _faces(volume: _Volume, axis: float) -> Iterator[Face]:
    """Front, top and right side."""
    family = volume.box.family if volume.box else INPUT
    wrong = bool(volume.box and volume.box.messages)
    path = volume.box.path if volume.box else ""
    x, right = volume.x, volume.x + volume.thickness
    top, bottom = axis - volume.height / 2, axis + volume.height / 2
    back = volume.slant
    if back.x:
        yield Face(
            (Point(x, top), Point(x + back.x, top - back.y), Point(right + back.x, top - back.y), Point(right, top)),
            family,
            "top",
            wrong,
            path,
        )
        side = (
            Point(right, top),
            Point(right + back.x, top - back.y),
            Point(right + back.x, bottom - back.y),
            Point(right, bottom),
        )
        yield Face(side, family, "side", wrong, path)
    yield Face((Point(x, top), Point(right, top), Point(right, bottom), Point(x, bottom)), family, "front", wrong, path)


def _window(before: _Volume, after: _Volume, window: tuple[int, ...], axis: float) -> tuple[Face, list[Line]]:
    """The kernel's window on the side of a map, and the lines from it to the place that it fills in the next."""
    rows, columns = (_number(dim) for dim in before.shape[-1][-2:])
    high = max(SMALLEST_WINDOW, before.height * min(1.0, window[0] / rows))
    share = max(0.2, min(1.0, window[-1] / columns))
    back = Point(before.slant.x * share, before.slant.y * share)
    x = before.x + before.thickness + (before.slant.x - back.x) / 2
    y = axis - (before.slant.y - back.y) / 2 - back.y / 2
    corners = (
        Point(x, y - high / 2),
        Point(x + back.x, y - high / 2 - back.y),
        Point(x + back.x, y + high / 2 - back.y),
        Point(x, y + high / 2),
    )
    target = Point(after.x, axis)
    lines = [Line((corner, target), arrow=False, thin=True) for corner in (corners[1], corners[2])]
    return Face(corners, before.box.family if before.box else INPUT, "window"), lines


def _lanes(volumes: Sequence[_Volume]) -> list[tuple[int, int]]:
    """From where to where the lines of labelled outputs lead, the longest first."""
    seen: dict[str, int] = {}
    found = []
    for place, volume in enumerate(volumes):
        taken = sorted({*volume.takes, volume.start})
        found += [(seen[label], place) for label in taken if label in seen]
        if volume.label:
            seen[volume.label] = place
    return sorted(found, key=lambda pair: pair[0] - pair[1])


def _crest(volume: _Volume) -> float:
    return round(volume.x + volume.width / 2, 1)
