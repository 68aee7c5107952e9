"""Where everything stands: a recursion over the tree, for it knows no other graphs than series and parallels.

Everything is laid out along an axis, from which it extends to both sides: `along` is the way that the data flow,
`across` what is left and right of it. A picture that flows down and one that flows to the right differ only in how
these become x and y, and in the size of the boxes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from netdsl.components import Shape
from netdsl.drawing.box_text import BoxText, set_text
from netdsl.drawing.columns import Columns, Head, Outlet
from netdsl.drawing.diagram import Box, Diagram, Frame, Parallel, Part, Series
from netdsl.drawing.laid import (
    ARMS,
    FORK,
    GAP,
    HEAD,
    LANE,
    MESSAGE,
    PAD,
    RADIUS,
    SHAPE,
    SHORT,
    TITLE,
    Direction,
    Laid,
)
from netdsl.drawing.picture import Anchor, Area, Circle, Line, PlacedBox, PlacedFrame, Point, Tone, Words
from netdsl.drawing.text_width import crop_to, measure


class Layout:
    """Lays a diagram out in one direction. Points are (along, across) until `place` makes (x, y) of them.

    Args:
        diagram: what is laid out.
        direction: where the data flow.
        foldable: whether a frame has room for the box that stands in its place when it is closed.
    """

    def __init__(self, diagram: Diagram, direction: Direction, *, foldable: bool = False) -> None:
        self.diagram = diagram
        self.direction: Direction = direction
        self.foldable = foldable

    def series(self, series: Series, shown: Sequence[Shape], *, ends: bool = False) -> Laid:
        """Parts one after the other; the shape is written where it changes.

        Args:
            series: the parts.
            shown: the shapes that are written before it.
            ends: whether an arrow into it and one out of it are drawn, with their shapes.
        """
        laid = Laid(0, 0, 0)
        parts = self.lay_parts(series.parts)
        if series.is_rewired:
            return self._columns(series, parts, ends=ends)
        at, previous = 0.0, list(shown)
        spans: list[tuple[float, Laid]] = []
        if ends and parts:
            at = self._link(laid, 0, parts[0], self._write(previous))
        for place, (part, one) in enumerate(zip(series.parts, parts, strict=True)):
            laid.add(one, at)
            spans.append((at, one))
            following = parts[place + 1] if place + 1 < len(parts) else None
            words = "" if list(part.shapes) == previous else self._write(part.shapes)
            previous = list(part.shapes)
            if following:
                gap = self._link(laid, at + one.length, following, words, one.length - one.end)
                at += one.length + gap
            else:
                at += one.length
        if ends and parts:
            last = parts[-1]
            at += self._link(laid, at, None, self._write(previous), last.length - last.end)
        laid.length = at
        laid.start = spans[0][0] + spans[0][1].start if spans and not ends else 0
        laid.forks = bool(parts) and parts[0].forks
        laid.end = spans[-1][0] + spans[-1][1].end if spans and not ends else at
        self._lanes(laid, series, spans)
        return laid

    def _columns(self, series: Series, parts: Sequence[Laid], *, ends: bool) -> Laid:
        """Parts of which some do not follow the one before them."""
        heads, outlets = [Head("", self._write(series.inputs) if ends else "")], [Outlet(len(parts) - 1)]
        if ends and self.diagram.inputs:
            heads = [Head(one.name, f"{one.name} {self._write([one.shape])}") for one in self.diagram.inputs]
        places = {part.label: place for place, part in enumerate(series.parts) if part.label}
        if named := [Outlet(places[label], label) for label in series.outputs if label in places]:
            outlets = named
        return Columns(series, parts, heads, outlets, self._write, self.direction, ends=ends).lay_out()

    def lay_parts(self, parts: Iterable[Part]) -> list[Laid]:
        """Every part laid out; in a column, boxes beside each other are equally wide."""
        texts = {id(part): set_text(part, self.direction) for part in parts if isinstance(part, Box)}
        widest = max((text.width for text in texts.values()), default=0)
        laid = []
        for part in parts:
            match part:
                case Box():
                    text = texts[id(part)]
                    width = max(widest, 90.0) if self.direction == "down" else text.width
                    laid.append(self._box(part, text._replace(width=width)))
                case Frame():
                    laid.append(self._frame(part))
                case Parallel():
                    laid.append(self._parallel(part))
        return laid

    def _box(self, box: Box, text: BoxText) -> Laid:
        down = self.direction == "down"
        length, wide = (text.height, text.width) if down else (text.width, text.height)
        laid = Laid(length, -wide / 2, wide / 2, 0, length, tap=Point(length / 2, -wide / 2))
        laid.boxes.append((Area(0, -wide / 2, length, wide), box))
        return laid

    def _frame(self, frame: Frame) -> Laid:
        down = self.direction == "down"
        inner = self.series(frame.content, frame.content.inputs)
        before = PAD + (HEAD if down else 0)
        low, high = inner.low - PAD - (0 if down else HEAD), inner.high + PAD
        head = measure(frame.title, TITLE, bold=True) + (
            measure(f"× {frame.times}", TITLE, bold=True) + 14 if frame.times > 1 else 0
        )
        if down:
            # The arrow comes in along the axis: the title ends before it, the number of times stands behind it.
            if (title := -measure(frame.title, TITLE, bold=True) - 22) < low:
                low, high = title, max(high, -title)
            high = max(high, measure(f"× {frame.times}", TITLE, bold=True) + 22 if frame.times > 1 else 0)
        length = before + inner.length + PAD
        if not down and length < head + 20:
            before += (head + 20 - length) / 2
            length = head + 20
        room = self._closed_room(frame)
        if self.foldable:
            before += max(0, room.width - length) / 2
            length = max(length, room.width)
            low, high = min(low, room.y), max(high, room.bottom)
        laid = Laid(length, low, high, before + inner.start, before + inner.end, inner.forks, Point(length / 2, low))
        laid.add(inner, before)
        laid.frames.append((Area(0, low, length, high - low), frame, room._replace(x=(length - room.width) / 2)))
        if not inner.boxes and not inner.circles:
            laid.lines.append(Line((Point(0, 0), Point(length, 0)), arrow=False))
            laid.start, laid.end = 0, length
        laid.low, laid.high = low, high
        return laid

    def _closed_room(self, frame: Frame) -> Area:
        """The room of the closed box of a frame, around the axis."""
        if frame.box is None:
            return Area(0, 0, 0, 0)
        text = set_text(frame.box, self.direction)
        length, wide = (text.height, text.width) if self.direction == "down" else (text.width, text.height)
        return Area(0, -wide / 2, length, wide)

    def _parallel(self, parallel: Parallel) -> Laid:
        if not parallel.arms:
            return self._box(parallel.box, set_text(parallel.box, self.direction))
        arms = [self._arm(arm, parallel) for arm in parallel.arms]
        beside = parallel.join.with_input
        offsets = self._offsets(arms, beside=beside)
        first, length = FORK + 12, max(arm.length for arm in arms)
        is_word = len(parallel.join.sign) > 1
        # In a row the word stands below its circle, between the line that gathers the arms and the next box.
        room = measure(parallel.join.sign, SHAPE) / 2 - RADIUS if is_word and self.direction == "right" else 0
        join = first + length + (14 if beside else FORK + 8) + room + RADIUS
        laid = Laid(join + RADIUS + room, -RADIUS, RADIUS, 0, join + RADIUS, forks=True, tap=Point(join, -RADIUS))
        for number, (arm, across) in enumerate(zip(arms, offsets, strict=True)):
            at = first + (length - arm.length) / 2
            laid.add(arm, at, across)
            has_parts = bool(arm.boxes or arm.circles)
            stop = at + arm.start if has_parts else first + length
            into = self._bend(Point(0, 0), Point(FORK / 2, across), Point(stop, across)) if arm.fed else ()
            leave = at + arm.end if has_parts else stop
            if beside and number:
                out: tuple[Point, ...] = (Point(leave, across), Point(join, across), Point(join, RADIUS))
                if not has_parts:
                    laid.lines.append(Line((*into[:-1], *out[1:])))
                    continue
            else:
                out = self._bend(
                    Point(leave, across), Point(join - RADIUS - room - FORK / 2 - 4, 0), Point(join - RADIUS, 0)
                )
            if has_parts:
                if into:
                    laid.lines.append(Line(into, arrow=not arm.forks))
                laid.lines.append(Line(out))
            else:
                laid.lines.append(Line((*into[:-1], *out[1:]) if len(out) > 2 else (into[0], out[-1])))
        laid.circles.append((Point(join, 0), parallel))
        if is_word:
            place = Point(join, RADIUS + 4) if self.direction == "down" else Point(join, RADIUS + SHAPE + 2)
            self._caption(laid, place, parallel.join.sign, "muted")
        if parallel.box.messages and self.direction == "down":  # in a row there is no room: it stands below the net
            words = crop_to(parallel.box.messages[0], MESSAGE, SHAPE)
            self._caption(laid, Point(join + 13, RADIUS + 4), words, "wrong")
        return laid

    def _arm(self, arm: Series, parallel: Parallel) -> Laid:
        """One arm; its output's shape is written at its end where the outputs differ from the whole's."""
        laid = self.series(arm, arm.inputs)
        last = list(arm.shapes)
        if arm.parts and last != list(parallel.shapes) and not parallel.join.with_input:
            words = self._write(last)
            if self.direction == "down":
                self._caption(laid, Point(laid.length + 14, 6), words, "muted")
                laid.length += 20
            else:
                wide = measure(words, SHAPE) + 10
                self._caption(laid, Point(laid.length + wide / 2, -5), words, "muted")
                laid.length += wide
        return laid

    def _offsets(self, arms: Sequence[Laid], *, beside: bool) -> list[float]:
        """Where the axis of each arm is: the first on the axis and the others beside it, or all around it."""
        offsets = [0.0]
        for one, other in pairwise(arms):
            apart = ARMS if one.boxes and other.boxes else ARMS - 6
            offsets.append(offsets[-1] + one.high + apart - other.low)
        middle = 0.0 if beside else (offsets[0] + offsets[-1]) / 2
        return [offset - middle for offset in offsets]

    @staticmethod
    def _bend(start: Point, corner: Point, end: Point) -> tuple[Point, ...]:
        """A line with two right angles; straight where nothing is beside."""
        if start.y == end.y:
            return start, end
        return start, Point(corner.x, start.y), Point(corner.x, end.y), end

    def _link(self, laid: Laid, at: float, following: Laid | None, words: str, back: float = 0.0) -> float:
        """An arrow from `at` to the part that follows, with the shape; returns the length of the gap."""
        if self.direction == "down":
            gap = GAP if words else SHORT
            place = Point(at + gap / 2 + 3, 7)
        else:
            gap = measure(words, SHAPE) + 22 if words else SHORT + 4
            place = Point(at + gap / 2 - 3, -5)
        start, arrow = (following.start, not following.forks) if following else (0.0, True)
        laid.lines.append(Line((Point(at - back, 0), Point(at + gap + start, 0)), arrow=arrow))
        if words:
            self._caption(laid, place, words, "muted")
        return gap

    def _caption(self, laid: Laid, place: Point, words: str, tone: Tone) -> None:
        """Words beside a line, which count in what is kept free."""
        laid.captions.append((place, words, tone))
        if self.direction == "down":
            laid.high = max(laid.high, place.y + measure(words, SHAPE) + 4)
        else:
            laid.low, laid.high = min(laid.low, place.y - SHAPE), max(laid.high, place.y + 3)

    def _lanes(self, laid: Laid, series: Series, spans: Sequence[tuple[float, Laid]]) -> None:
        """The lines of labelled outputs, on the low side; a shorter one runs nearer to the axis."""
        taken: list[tuple[int, int, float]] = []
        for skip in sorted(series.skips, key=lambda one: (one.end - one.start, one.start)):
            low = min(one.low for _, one in spans[skip.start : skip.end + 1])
            across = low - LANE
            beside = sorted(lane for start, end, lane in taken if start < skip.end and skip.start < end)
            # The nearest lanes alone are compared: of a thousand skips each would else be with each, lane by lane.
            while (first := bisect_right(beside, across - LANE)) < len(beside) and beside[first] < across + LANE:
                across -= LANE
            taken.append((skip.start, skip.end, across))
            (start, source), (end, target) = spans[skip.start], spans[skip.end]
            # Beside the middle, so that what leaves and what enters a part do not lie on each other.
            leave = Point(start + source.tap.x + (6 if isinstance(series.parts[skip.start], Box) else 0), source.tap.y)
            enter = Point(end + target.tap.x - (6 if isinstance(series.parts[skip.end], Box) else 0), target.tap.y)
            laid.lines.append(Line((leave, Point(leave.x, across), Point(enter.x, across), enter), dashed=True))
            laid.low = min(laid.low, across - 4)

    def _write(self, shapes: Sequence[Shape]) -> str:
        return self.diagram.write_shape(tuple(shapes))


@dataclass
class Placed:
    """Everything in (x, y), before the title and the legend are set around it."""

    boxes: list[PlacedBox] = field(default_factory=list)
    frames: list[PlacedFrame] = field(default_factory=list)
    circles: list[Circle] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)


def place(laid: Laid, direction: Direction, along: float, across: float, into: Placed) -> None:
    """Makes x and y of `along` and `across`, from an origin in these, and sets the texts."""
    down = direction == "down"
    point: Callable[[Point], Point] = (
        (lambda one: Point(round(one.y + across, 1), round(one.x + along, 1)))
        if down
        else (lambda one: Point(round(one.x + along, 1), round(one.y + across, 1)))
    )

    def area(one: Area) -> Area:
        corner = point(Point(one.x, one.y))
        width, height = (one.height, one.width) if down else (one.width, one.height)
        return Area(corner.x, corner.y, round(width, 1), round(height, 1))

    for one, box in laid.boxes:
        room = area(one)
        into.boxes.append(PlacedBox(room, box, set_text(box, direction).place(room)))
    for one, frame, inside in laid.frames:
        room, folded = area(one), area(inside)
        closed = PlacedBox(folded, frame.box, set_text(frame.box, direction).place(folded)) if frame.box else None
        into.frames.append(PlacedFrame(room, frame.title, frame.times, frame.path, closed))
        if frame.title:
            into.words.append(Words(room.x + 10, room.y + 17, frame.title, TITLE, "strong"))
        if frame.times > 1:
            into.words.append(Words(room.right - 10, room.y + 17, f"× {frame.times}", TITLE, "strong", "end"))
    into.circles += [
        Circle(point(center), RADIUS, parallel.join.sign, parallel.box) for center, parallel in laid.circles
    ]
    into.lines += [line._replace(points=tuple(map(point, line.points))) for line in laid.lines]
    for spot, words, tone in laid.captions:
        at = point(spot)
        anchor: Anchor = "start" if down else "middle"
        into.words.append(Words(at.x, at.y, words, SHAPE, tone, anchor))
