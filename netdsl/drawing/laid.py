"""A part that has its place along an axis and across it, and the distances that all layouts keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from netdsl.drawing.diagram import Box, Frame, Parallel
from netdsl.drawing.picture import Area, Line, Point, Tone

Direction = Literal["down", "right"]

SHORT, GAP = 16.0, 30.0
"""Between two parts whose shapes are equal, and where the shape is written."""

SHAPE = 10.0
TITLE = 11.0
PAD = 12.0
HEAD = 18.0
"""Around the content of a frame, and above it for its title."""

MESSAGE = 230.0
RADIUS = 8.0
FORK = 12.0
ARMS = 26.0
LANE = 16.0
"""Between the arms of a parallel, and between the lines of labelled outputs."""


ORIGIN = Point(0, 0)


@dataclass
class Laid:
    """A part laid out, from `along` 0 on; `low` and `high` are how far it extends across.

    Args:
        start, end: where the arrow into it ends, and the one out of it begins.
        forks: whether it begins with a fork, to which no arrowhead leads.
        tap: where a labelled output leaves it or enters it, on its low side.
        fed: whether it receives what stands before it, and not a labelled output alone.
    """

    length: float
    low: float
    high: float
    start: float = 0.0
    end: float = 0.0
    forks: bool = False
    tap: Point = ORIGIN
    fed: bool = True
    boxes: list[tuple[Area, Box]] = field(default_factory=list)
    frames: list[tuple[Area, Frame, Area]] = field(default_factory=list)
    circles: list[tuple[Point, Parallel]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    captions: list[tuple[Point, str, Tone]] = field(default_factory=list)

    def add(self, other: Laid, along: float, across: float = 0.0) -> None:
        """Takes in another, moved."""

        def shift(point: Point) -> Point:
            return Point(point.x + along, point.y + across)

        self.boxes += [(area._replace(x=area.x + along, y=area.y + across), box) for area, box in other.boxes]
        self.frames += [
            (
                area._replace(x=area.x + along, y=area.y + across),
                frame,
                room._replace(x=room.x + along, y=room.y + across),
            )
            for area, frame, room in other.frames
        ]
        self.circles += [(shift(center), parallel) for center, parallel in other.circles]
        self.lines += [line._replace(points=tuple(map(shift, line.points))) for line in other.lines]
        self.captions += [(shift(place), words, tone) for place, words, tone in other.captions]
        self.low = min(self.low, other.low + across)
        self.high = max(self.high, other.high + across)
