"""The figure of the papers: feature maps as boxes in perspective, their sizes in proportion; features as bars.

The thickness of a box is its channels, its height and its depth are the map's. Layers that keep a map as it is, such as
activations, are not drawn: what is seen are the maps between those that make new ones. An opened block is a frame
around its maps. Closed it is one map, in the place of its last one, which is the same map.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import log2
from typing import Literal, NamedTuple

from netdsl.components import Shape
from netdsl.core.sizes import Dim, Unknown, evaluate, symbols
from netdsl.core.text import text
from netdsl.drawing.box_text import wrap, write_params
from netdsl.drawing.compose import HEAD, MARGIN, finish
from netdsl.drawing.diagram import Box, Diagram, Frame, Parallel, Series
from netdsl.drawing.laid import PAD, TITLE
from netdsl.drawing.layout import Placed
from netdsl.drawing.picture import Area, Face, Line, Picture, PlacedBox, PlacedFrame, Point, Words
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
ROW = 13.0
WIDEST = 104.0
LANE = 15.0
BAND = 32.0
"""In a frame above its maps, for its title."""

INPUT = ""
"""The family of what no layer made."""


@dataclass
class _Volume:
    """One map, and the statement that makes it; none for an input, which may have a `name`.

    `labels` are those of the outputs that it stands for. It receives the one that `start` names, where that is not the
    map before it; `follows` says that an arrow leads from there. In `closed` are the blocks that end with it, each as
    the map that stands in its place.
    """

    box: Box | None
    shape: tuple[Shape, ...]
    labels: set[str] = field(default_factory=set)
    takes: frozenset[str] = frozenset()
    start: str = ""
    follows: bool = True
    name: str = ""
    x: float = 0.0
    size: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lines: list[Words] = field(default_factory=list)
    closed: list[_Volume] = field(default_factory=list)

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
        """From its left to its right, without its words."""
        return self.thickness + self.slant.x

    @property
    def path(self) -> str:
        """The module that makes it; none of an input."""
        return self.box.path if self.box else ""

    @property
    def middle(self) -> float:
        """Where its words stand."""
        return round(self.x + self.width / 2, 1)

    def alike(self) -> Iterator[_Volume]:
        """Itself and the closed blocks that stand in its place."""
        yield self
        yield from self.closed

    @property
    def top(self) -> float:
        """Where what stands in its place begins, words included; the axis is at 0."""
        return min(line.area.y for one in self.alike() for line in one.lines)

    @property
    def low(self) -> float:
        """Where that ends."""
        return max(line.area.bottom for one in self.alike() for line in one.lines)

    def move(self, by: float) -> None:
        """Moves it to the right, and what stands in its place."""
        for one in self.alike():
            one.shift(by)

    def shift(self, by: float) -> None:
        """Moves itself to the right."""
        self.x = round(self.x + by, 1)
        self.lines = [line._replace(x=round(line.x + by, 1)) for line in self.lines]


_Skip = tuple[_Volume, _Volume]


@dataclass
class _Group:
    """An opened block, or what stands several times, as a frame around its maps.

    `closed` is its map as one; `skips` are the lines of labelled outputs that stay in it.
    """

    frame: Frame
    content: list[_Volume | _Group]
    closed: _Volume | None = None
    skips: list[_Skip] = field(default_factory=list)
    x: float = 0.0
    right: float = 0.0

    @property
    def volumes(self) -> list[_Volume]:
        """Its maps in their order."""
        return list(_walk(self.content))

    @property
    def top(self) -> float:
        """Where it begins, its title included; the axis is at 0."""
        return min(one.top for one in self.content) - _room(self.skips) - BAND

    @property
    def low(self) -> float:
        """Where it ends."""
        return max(one.low for one in self.content) + PAD - 2

    @property
    def times(self) -> str:
        """How many times it stands, as it is written."""
        return f"× {self.frame.times}" if self.frame.times > 1 else ""

    @property
    def head(self) -> float:
        """The width that its title needs."""
        return 30 + sum(measure(words, TITLE, bold=True) for words in (self.frame.title, self.times))

    def move(self, by: float) -> None:
        """Moves it to the right, with all that is in it."""
        self.x, self.right = self.x + by, self.right + by
        for one in self.content:
            one.move(by)


def _walk(content: Iterable[_Volume | _Group]) -> Iterator[_Volume]:
    for one in content:
        if isinstance(one, _Group):
            yield from _walk(one.content)
        else:
            yield one


def _groups(content: Iterable[_Volume | _Group]) -> Iterator[_Group]:
    """All frames, an outer one before those in it."""
    for one in content:
        if isinstance(one, _Group):
            yield one
            yield from _groups(one.content)


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


def compose_volumes(diagram: Diagram, scale: Scale = "log", *, foldable: bool = False) -> Picture:
    """The picture of a net as volumes; one that is `foldable` has the closed map of each of its blocks too."""
    row = _find_row(diagram)
    volumes, groups = list(_walk(row)), list(_groups(row))
    for group in groups if foldable else ():
        _close(group)
    sizes = _measure_all(volumes, scale)
    for volume in (one for each in volumes for one in each.alike()):
        volume.size = sizes.of(volume.shape[-1])
        volume.lines = list(_set_words(volume, diagram))
    wide = _place_in_row(row, MARGIN) - MARGIN
    skips = _share_skips(volumes, groups)
    axis = HEAD + _room(skips) - min((one.top for one in row), default=0)
    placed, faces = Placed(), list[Face]()
    for group in groups:
        placed.frames.append(_frame(group, axis))
        placed.words += _title(placed.frames[-1].area, group)
    for volume in volumes:
        faces += _faces(volume, axis)
        placed.words += _lower(volume, axis)
    begin_blocks = {id(group.volumes[0]) for group in groups if group.closed}
    for before, after in pairwise(volumes):
        if not after.follows:
            continue
        arrow = Line((Point(round(before.x + before.width + 3, 1), axis), Point(round(after.x - 3, 1), axis)))
        if window := _window(before, after, axis):
            faces.append(window[0])
            placed.lines += window[1]
            # The window is that of the first map in a block: where the block is closed, an arrow leads to it.
            placed.lines += [arrow._replace(without=after.path)] if id(after) in begin_blocks else []
        else:
            placed.lines.append(arrow)
    placed.lines += _draw_skips(skips, row, HEAD + 4, axis)
    for group in groups:
        placed.lines += _draw_skips(group.skips, group.content, axis + group.top + BAND + 4, axis)
    low = max((one.low for one in row), default=0)
    return finish(diagram, placed, wide, axis + low, faces, foldable=foldable)


def _find_row(diagram: Diagram) -> list[_Volume | _Group]:
    root = diagram.root
    if not root.parts:
        return []
    first = diagram.inputs[0].name if diagram.inputs else ""
    others = {
        one.name: _Volume(None, (one.shape,), {one.name}, follows=False, name=one.name) for one in diagram.inputs[1:]
    }
    return [_Volume(None, root.inputs, {first} - {""}, name=first), *_of_series(root, others)]


def _of_series(series: Series, inputs: dict[str, _Volume], start: str = "") -> Iterator[_Volume | _Group]:
    """The maps of a series; a parallel is one map, the one that its arms join into.

    Args:
        series: what is drawn.
        inputs: those that no map has received yet.
        start: what the first map receives, where that is not the map before it.
    """
    before = series.inputs
    last: _Volume | None = None
    for part in series.parts:
        start = part.start or start
        match part:
            case Frame():
                found = list(_of_frame(part, inputs, start))
                yield from found
                last, start = next(reversed(list(_walk(found))), last), ""
            case Parallel(box=box) | (Box() as box):
                is_new = box.makes_map or part.shapes[-1] != before[-1] or isinstance(part, Parallel) or part.takes
                begins_way = series.is_rewired and (part.label or start)
                if is_new or begins_way or box.closed or box.messages or (part.label and last is None):
                    last = _Volume(box, part.shapes, {part.label} - {""}, part.takes, start)
                    yield from _of_box(last, inputs)
                    start = ""
                elif part.label and last:
                    last.labels.add(part.label)  # it is drawn as the map that it keeps
        before = part.shapes


def _of_box(volume: _Volume, inputs: dict[str, _Volume]) -> Iterator[_Volume]:
    """A map, after the inputs that it is the first to receive."""
    for name in (volume.start, *sorted(volume.takes)):
        if (one := inputs.pop(name, None)) is not None:
            yield one
            volume.start = "" if volume.start == name else volume.start
    volume.follows = not volume.start
    yield volume


def _of_frame(frame: Frame, inputs: dict[str, _Volume], start: str) -> Iterator[_Volume | _Group]:
    """The maps of a frame in it, after the inputs that they receive; one map alone needs no frame without a title."""
    content = list[_Volume | _Group]()
    for one in _of_series(frame.content, inputs, start):
        if isinstance(one, _Volume) and one.box is None:
            yield one
        else:
            content.append(one)
    if not content:
        return
    last = list(_walk(content))[-1]
    last.labels |= {frame.label} - {""}
    match content:
        case [_Volume(box=Box() as box) as only] if not frame.title:
            only.box = replace(box, times=box.times * frame.times)
            yield only
        case [_Group(frame=inner) as only] if not frame.title:
            only.frame = replace(inner, times=inner.times * frame.times)
            yield only
        case _:
            yield _Group(frame, content)


def _close(group: _Group) -> None:
    """Gives the last map of a block the block's own beside it."""
    if box := group.frame.box:
        group.closed = _Volume(box, box.shapes)
        group.volumes[-1].closed.append(group.closed)


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


def _place_in_row(content: Iterable[_Volume | _Group], x: float) -> float:
    """Gives each map its place from `x` on, and each frame its sides; returns where the row ends."""
    end = x
    for one in content:
        if isinstance(one, _Group):
            one.x = x
            one.right = _place_in_row(one.content, x + PAD) + PAD
            if (lacking := one.head - (one.right - x)) > 0:
                for inner in one.content:
                    inner.move(lacking / 2)
                one.right += lacking
            end = one.right
        else:
            wide = max(max([each.width, *(line.area.width for line in each.lines)]) for each in one.alike())
            for each in one.alike():
                each.shift(x + (wide - each.width) / 2)
            end = x + wide
        x = end + GAP
    return end


def _set_words(volume: _Volume, diagram: Diagram) -> Iterator[Words]:
    """The statement above a map, its shape below; the axis is at 0, and the map at x 0."""
    above, below = _words_of(volume, diagram.write_shape(volume.shape))
    middle = round(volume.width / 2, 1)
    y = -volume.height / 2 - volume.slant.y - 8 - ROW * (len(above) - 1)
    for line, size, bold in above:
        yield Words(middle, round(y, 1), line, size, "strong" if bold else "plain", "middle")
        y += ROW
    y = volume.height / 2 + 15
    for line, size, _ in below:
        yield Words(middle, round(y, 1), line, size, "muted", "middle")
        y += ROW


def _words_of(volume: _Volume, shape: str) -> tuple[list[tuple[str, float, bool]], list[tuple[str, float, bool]]]:
    box = volume.box
    if box is None:
        return [(volume.name or text("input"), NAME, True)], [(shape, SMALL, False)]
    title = f"{box.title} × {box.times}" if box.times > 1 else box.title
    above = [(crop_to(title, WIDEST, NAME, bold=True), NAME, True)]
    if box.detail:
        above += [(line, SMALL, False) for line in wrap(box.detail, WIDEST)]
    below = [(shape, SMALL, False)]
    if params := write_params(box):
        below.append((params, SMALL, False))
    return above, below


def _faces(volume: _Volume, axis: float) -> Iterator[Face]:
    """Front, top and right side."""
    family, path = volume.box.family if volume.box else INPUT, volume.path
    wrong = bool(volume.box and volume.box.messages)
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


def _lower(volume: _Volume, axis: float) -> tuple[Words, ...]:
    """Its words, where the axis is lower."""
    return tuple(line._replace(y=round(line.y + axis, 1)) for line in volume.lines)


def _frame(group: _Group, axis: float) -> PlacedFrame:
    """The frame of a group, and its closed map."""
    area = Area(
        round(group.x, 1), round(axis + group.top, 1), round(group.right - group.x, 1), round(group.low - group.top, 1)
    )
    frame, closed = group.frame, group.closed
    if closed is None or closed.box is None:
        return PlacedFrame(area, frame.title, frame.times, frame.path)
    top = round(axis - closed.height / 2, 1)
    placed = PlacedBox(Area(closed.x, top, closed.thickness, closed.height), closed.box, _lower(closed, axis))
    return PlacedFrame(area, frame.title, frame.times, frame.path, placed, tuple(_faces(closed, axis)))


def _title(area: Area, group: _Group) -> Iterator[Words]:
    if group.frame.title:
        yield Words(area.x + 10, area.y + 17, group.frame.title, TITLE, "strong")
    if group.times:
        yield Words(area.right - 10, area.y + 17, group.times, TITLE, "strong", "end")


def _window(before: _Volume, after: _Volume, axis: float) -> tuple[Face, list[Line]] | None:
    """The kernel's window on the side of a map, and the lines from it to the place that it fills in the next."""
    window = after.box.window if after.box else ()
    if not window or len(before.shape[-1]) < 3 or not before.slant.x:
        return None
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
    lines = [Line((corner, target), arrow=False, thin=True, into=after.path) for corner in (corners[1], corners[2])]
    return Face(corners, before.box.family if before.box else INPUT, "window", into=after.path), lines


def _share_skips(volumes: Sequence[_Volume], groups: Sequence[_Group]) -> list[_Skip]:
    """Gives each frame the skips that stay in it, and returns the others; the longest first."""
    seen = dict[str, int]()
    found = list[tuple[int, int]]()
    for place, volume in enumerate(volumes):
        taken = sorted({*volume.takes, volume.start})
        found += [(seen[label], place) for label in taken if label in seen]
        seen |= dict.fromkeys(volume.labels, place)
    others = list[_Skip]()
    for source, target in sorted(set(found), key=lambda pair: (pair[0] - pair[1], pair)):
        skip = volumes[source], volumes[target]
        holding = [group for group in groups if all(_holds(group, one) for one in skip)]
        (holding[-1].skips if holding else others).append(skip)  # the innermost one
    return others


def _holds(group: _Group, volume: _Volume) -> bool:
    return any(one is volume for one in group.volumes)


def _room(skips: Sequence[_Skip]) -> float:
    """How much room skips need above the maps."""
    return 8 + LANE * len(skips) if skips else 0


def _draw_skips(skips: Sequence[_Skip], content: Sequence[_Volume | _Group], top: float, axis: float) -> Iterator[Line]:
    """The lines of skips from `top` on; they leave and meet a map above it, or the frame that holds this one alone."""
    for number, (source, target) in enumerate(skips):
        height = round(top + LANE * number, 1)
        ends = []
        for one, other in ((source, target), (target, source)):
            apart = (group.top for group in _groups(content) if _holds(group, one) and not _holds(group, other))
            ends.append(Point(one.middle, round(axis + next(apart, one.top - 6), 1)))
        leave, enter = ends
        yield Line((leave, Point(leave.x, height), Point(enter.x, height), enter), dashed=True)
