"""The layout of a series whose parts do not all follow each other: one column for each way through it.

A way begins at an input, or leaves a labelled output that goes on elsewhere too. All columns share one axis, so that
what takes an output stands behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from netdsl.components import Shape
from netdsl.drawing.diagram import Series
from netdsl.drawing.laid import ARMS, GAP, LANE, SHAPE, SHORT, Direction, Laid
from netdsl.drawing.picture import Line, Point
from netdsl.drawing.text_width import measure

STEP = 7.0
"""From a part to where another way leaves it."""


class Head(NamedTuple):
    """Where ways begin: the name of an input, or of an output that comes from outside, and what is written there."""

    name: str
    words: str = ""


class Outlet(NamedTuple):
    """A part whose output leaves the series, and the name that it has there."""

    place: int
    name: str = ""


@dataclass
class _Way:
    """Parts one after the other, and the label that the first of them receives."""

    source: str
    places: list[int]
    column: int = 0


@dataclass
class _Column:
    """What stands below each other: how far it reaches, and the lines that run beside it, by side."""

    bottom: float = 0.0
    low: float = 0.0
    high: float = 0.0
    axis: float = 0.0
    places: list[int] = field(default_factory=list)
    lanes: Mapping[bool, list[tuple[float, float, int]]] = field(default_factory=lambda: {False: [], True: []})

    def lane(self, start: float, end: float, *, on_low: bool) -> int:
        """The number of a lane that is free from one place to another."""
        taken = {lane for first, last, lane in self.lanes[on_low] if first < end and start < last}
        lane = next(number for number in range(len(taken) + 1) if number not in taken)
        self.lanes[on_low].append((start, end, lane))
        return lane

    def side(self, *, on_low: bool) -> float:
        """How far it reaches to a side, its lanes included."""
        lanes = LANE * max((lane + 1 for _, _, lane in self.lanes[on_low]), default=0)
        return self.low - lanes if on_low else self.high + lanes


class Columns:
    """Lays out one series.

    Args:
        series: the parts.
        parts: each of them laid out.
        heads: the inputs; the first is what the series itself receives.
        outlets: the parts whose outputs leave it.
        write: writes a shape.
        direction: where the data flow.
        ends: whether arrows into it and out of it are drawn.
    """

    def __init__(
        self,
        series: Series,
        parts: Sequence[Laid],
        heads: Sequence[Head],
        outlets: Sequence[Outlet],
        write: Callable[[Sequence[Shape]], str],
        direction: Direction,
        *,
        ends: bool,
    ) -> None:
        self.series = series
        self.parts = parts
        self.outlets = outlets
        self.write = write
        self.down = direction == "down"
        self.ends = ends
        self.labels = {part.label: place for place, part in enumerate(series.parts) if part.label}
        # A statement with a mistake may follow a label that stands behind it.
        foreign = dict.fromkeys(
            part.start
            for place, part in enumerate(series.parts)
            if part.start and self.labels.get(part.start, place) >= place
        )
        known = {head.name: head for head in heads}
        self.heads = known | {name: Head(name, name) for name in foreign if name not in known}
        self.first = heads[0].name
        self.columns: list[_Column] = []
        self.at: dict[int, tuple[int, float]] = {}
        self.head_columns: dict[str, int] = {}

    def lay_out(self) -> Laid:
        """The whole series."""
        ways = self._find_ways()
        for number, way in enumerate(ways):
            self._place(way, any(other.source == way.source for other in ways[number + 1 :]))
        for head in self._taken_heads():
            self._open(head)
        self._measure()
        crossings = self._reserve_lanes()
        axis = 0.0
        for number, column in enumerate(self.columns):
            axis += 0 if not number else ARMS - column.side(on_low=True)
            column.axis = axis
            axis += column.side(on_low=False)
        laid = Laid(max(column.bottom for column in self.columns), 0, 0)
        for place, part in enumerate(self.parts):
            number, along = self.at[place]
            laid.add(part, along, self.columns[number].axis)
        for way in ways:
            self._draw(way, laid)
        for line in crossings:
            self._cross(line, laid)
        self._finish(ways, laid)
        laid.low = min(laid.low, *(column.axis + column.side(on_low=True) for column in self.columns))
        laid.high = max(laid.high, *(column.axis + column.side(on_low=False) for column in self.columns))
        return laid

    def _find_ways(self) -> list[_Way]:
        ways: list[_Way] = []
        for place, part in enumerate(self.series.parts):
            if part.start or not ways:
                ways.append(_Way(part.start or self.first, []))
            ways[-1].places.append(place)
        return ways

    def _place(self, way: _Way, goes_on: bool) -> None:
        """Finds a column for a way and places along it; `goes_on` says that a later way has the same source."""
        if way.source in self.labels and (source := self.labels[way.source]) in self.at:
            column, along = self.at[source]
            start = along + self.parts[source].length
            is_last = self.columns[column].places[-1] == source
            way.column = column if is_last and not goes_on else self._free(column, start)
            at = start + self._gap(self._link_words(source)) + (STEP if way.column != column else 0)
        else:
            is_new = way.source not in self.head_columns
            if is_new:
                self._open(self.heads[way.source])
            begins = self.head_columns[way.source]
            way.column = begins if is_new else self._free(begins, GAP)
            at = self._gap(self.heads[way.source].words) + (0 if is_new else STEP + GAP)
        here = self.columns[way.column]
        for place in way.places:
            # What another column gives must stand before what takes it.
            taken = [self.labels[label] for label in self._takes(place) if label in self.labels]
            others = [source for source in taken if source in self.at and self.at[source][0] != way.column]
            ends = [self.at[source][1] + self.parts[source].length + SHORT + STEP for source in others]
            at = max([at, *ends])
            self.at[place] = way.column, at
            here.places.append(place)
            at += self.parts[place].length
            here.bottom = at
            at += self._gap(self._link_words(place))

    def _takes(self, place: int) -> frozenset[str]:
        return self.series.parts[place].takes

    def _taken_heads(self) -> list[Head]:
        """The inputs that some part takes, and no way begins with."""
        taken = frozenset[str]().union(*(part.takes for part in self.series.parts))
        return [head for name, head in self.heads.items() if name in taken and name not in self.head_columns]

    def _open(self, head: Head) -> None:
        """A new column for an input."""
        self.head_columns[head.name] = len(self.columns)
        self.columns.append(_Column(bottom=self._gap(head.words)))

    def _free(self, column: int, start: float) -> int:
        """A column to the right of another that is free from a place on."""
        for number in range(column + 1, len(self.columns)):
            if self.columns[number].bottom <= start and self.columns[number].places:
                return number
        self.columns.append(_Column())
        return len(self.columns) - 1

    def _link_words(self, place: int) -> str:
        """What is written behind a part: its shape where that has changed, and its name as an output."""
        words = self._shape_words(place)
        name = next((outlet.name for outlet in self.outlets if outlet.place == place), "")
        return f"{name} {words}".strip()

    def _shape_words(self, place: int) -> str:
        part = self.series.parts[place]
        changes = list(part.shapes) != list(part.inputs)
        leaves = self.ends and any(outlet.place == place for outlet in self.outlets)
        return self.write(part.shapes) if changes or leaves else ""

    def _gap(self, words: str) -> float:
        if self.down:
            return GAP if words else SHORT
        return measure(words, SHAPE) + 22 if words else SHORT + 4

    def _measure(self) -> None:
        """How far each column reaches to its sides, the words beside its arrows included."""
        for column in self.columns:
            parts = [self.parts[place] for place in column.places]
            words = [self._link_words(place) for place in column.places] if self.down else []
            column.low = min((part.low for part in parts), default=-8.0)
            column.high = max([8.0, *(part.high for part in parts), *(measure(one, SHAPE) + 11 for one in words)])
        for name, number in self.head_columns.items():
            if self.down:
                column = self.columns[number]
                column.high = max(column.high, measure(self.heads[name].words, SHAPE) + 11)

    def _reserve_lanes(self) -> list[_Crossing]:
        """The lines of labelled outputs to the parts that take them, each with a lane where it needs one."""
        found = []
        for place in range(len(self.parts)):
            for label in sorted(self._takes(place)):
                source = self.labels.get(label)
                if source is not None and source in self.at and source < place:
                    column, along = self.at[source]
                    start = along + self.parts[source].tap.x
                elif label in self.head_columns:
                    column, along, start = self.head_columns[label], 0.0, STEP
                else:
                    continue
                target, into = self.at[place]
                end = into + self.parts[place].tap.x
                if column != target and self._is_free_below(column, source, end):
                    found.append(_Crossing(source, label, place, None))
                    continue
                on_low = column <= target
                lane = self.columns[target].lane(start, end, on_low=on_low)
                found.append(_Crossing(source, label, place, lane))
        return found

    def _is_free_below(self, column: int, source: int | None, end: float) -> bool:
        """Whether nothing stands between an output and as far along as its taker, so that its line is straight."""
        places = self.columns[column].places
        below = [place for place in places if source is None or self.at[place][1] > self.at[source][1]]
        return all(self.at[place][1] > end for place in below)

    def _draw(self, way: _Way, laid: Laid) -> None:
        """The arrows of a way, from where it begins."""
        axis = self.columns[way.column].axis
        first = way.places[0]
        target = self.at[first][1] + self.parts[first].start
        arrow = not self.parts[first].forks
        source = self.labels.get(way.source)
        if source is not None and source in self.at and source < first:
            column, along = self.at[source]
            leave, stop = along + self.parts[source].end, along + self.parts[source].length
            # Its name as an output stands beside its own column.
            is_own = column == way.column
            words = self._link_words(source) if is_own else self._shape_words(source)
        else:
            column, leave, stop = self.head_columns[way.source], 0.0, 0.0
            words = self.heads[way.source].words
        other = self.columns[column].axis
        if column == way.column:
            if leave or self.ends or self.heads.get(way.source, Head("")).words:
                laid.lines.append(Line((Point(leave, axis), Point(target, axis)), arrow=arrow))
                self._caption(laid, stop, axis, words)
        else:
            turn = stop + STEP
            points = (Point(leave, other), Point(turn, other), Point(turn, axis), Point(target, axis))
            laid.lines.append(Line(points, arrow=arrow))
            self._caption(laid, turn, axis, words)
        for before, after in zip(way.places, way.places[1:], strict=False):
            begin, end = self.at[before][1] + self.parts[before].end, self.at[after][1] + self.parts[after].start
            laid.lines.append(Line((Point(begin, axis), Point(end, axis)), arrow=not self.parts[after].forks))
            self._caption(laid, self.at[before][1] + self.parts[before].length, axis, self._link_words(before))

    def _caption(self, laid: Laid, at: float, axis: float, words: str) -> None:
        """Words beside an arrow that begins at a place."""
        if not words:
            return
        gap = self._gap(words)
        place = Point(at + gap / 2 + 3, axis + 7) if self.down else Point(at + gap / 2 - 3, axis - 5)
        laid.captions.append((place, words, "muted"))

    def _cross(self, crossing: _Crossing, laid: Laid) -> None:
        """The line of an output to a part of another column, or further down."""
        source, label, place, lane = crossing
        column, along = (self.head_columns[label], 0.0) if source is None else self.at[source]
        target, into = self.at[place]
        here, there = self.columns[column], self.columns[target]
        tap = self.parts[place].tap
        end = into + tap.x
        on_low = column <= target
        enter = there.axis + (tap.y if on_low else -tap.y if tap.y else self.parts[place].high)
        if lane is None:
            leave = along if source is None else along + self.parts[source].end
            corners: tuple[Point, ...] = (Point(leave, here.axis), Point(end, here.axis), Point(end, enter))
            laid.lines.append(Line(corners))
            if source is None:
                self._caption(laid, 0.0, here.axis, self.heads[label].words)
            elif not self._continues(source):
                self._caption(laid, along + self.parts[source].length, here.axis, self._link_words(source))
            return
        part = None if source is None else self.parts[source]
        start = STEP if part is None else along + part.tap.x + (6 if column == target else 0)
        away = 0.0 if part is None else part.tap.y if column == target else part.high if on_low else part.low
        across = there.axis + (there.low - LANE * (lane + 1) if on_low else there.high + LANE * (lane + 1))
        points = (Point(start, here.axis + away), Point(start, across), Point(end - 6, across), Point(end - 6, enter))
        laid.lines.append(Line(points, dashed=True))

    def _continues(self, place: int) -> bool:
        """Whether something in the same column follows a part."""
        places = self.columns[self.at[place][0]].places
        return places[-1] != place

    def _finish(self, ways: Sequence[_Way], laid: Laid) -> None:
        """Leads out what leaves the series: at the top with arrows, inside another part back to its axis."""
        start = ways[0].places[0]
        laid.start = self.at[start][1] + self.parts[start].start
        laid.forks = self.parts[start].forks
        laid.fed = ways[0].source == "" or self.ends
        if self.ends:
            laid.start = 0
            for outlet in self.outlets:
                column, along = self.at[outlet.place]
                if self._continues(outlet.place):
                    continue
                part, axis = self.parts[outlet.place], self.columns[column].axis
                words = self._link_words(outlet.place)
                end = along + part.length + self._gap(words)
                laid.lines.append(Line((Point(along + part.end, axis), Point(end, axis))))
                self._caption(laid, along + part.length, axis, words)
                laid.length = max(laid.length, end)
            laid.end = laid.length
            return
        place = self.outlets[-1].place
        column, along = self.at[place]
        end, axis = along + self.parts[place].end, self.columns[column].axis
        laid.end = end
        if axis:
            laid.length += SHORT
            laid.lines.append(
                Line((Point(end, axis), Point(laid.length - 6, axis), Point(laid.length - 6, 0), Point(laid.length, 0)),
                     arrow=False)
            )  # fmt: skip
            laid.end = laid.length


class _Crossing(NamedTuple):
    """The line of a labelled output, None where it is an input's, to the part that takes it; its lane beside that."""

    source: int | None
    label: str
    place: int
    lane: int | None
