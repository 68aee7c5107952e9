"""A laid-out picture: boxes, frames, circles, lines and words in their places, for whatever writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from netdsl.drawing.diagram import Box
from netdsl.drawing.text_width import measure

Anchor = Literal["start", "middle", "end"]
Tone = Literal["strong", "plain", "muted", "soft", "label", "wrong"]


class Point(NamedTuple):
    """A place; y grows downwards."""

    x: float
    y: float


class Area(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.y + self.height

    def overlaps(self, other: Area, slack: float = 0.01) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.x < other.right - slack
            and other.x < self.right - slack
            and self.y < other.bottom - slack
            and other.y < self.bottom - slack
        )

    def holds(self, other: Area, slack: float = 0.01) -> bool:
        """Whether another lies wholly inside."""
        return (
            self.x <= other.x + slack
            and self.y <= other.y + slack
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )


class Words(NamedTuple):
    """A line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    size: float
    tone: Tone = "plain"
    anchor: Anchor = "start"

    @property
    def area(self) -> Area:
        """What it covers."""
        width = measure(self.text, self.size, bold=self.tone == "strong")
        left = self.x - {"start": 0, "middle": width / 2, "end": width}[self.anchor]
        return Area(left, self.y - 0.8 * self.size, width, self.size)


class PlacedBox(NamedTuple):
    """A statement in its place, with its lines of text."""

    area: Area
    box: Box
    lines: tuple[Words, ...]


class PlacedFrame(NamedTuple):
    """The border of an opened block, or of what stands several times."""

    area: Area
    title: str
    times: int
    path: str = ""
    closed: PlacedBox | None = None
    """What stands in its place where it is closed, if it can be."""
    faces: tuple[Face, ...] = ()
    """The sides of that, where it is a volume."""


class Circle(NamedTuple):
    """Where arms join."""

    center: Point
    radius: float
    sign: str
    box: Box


class Line(NamedTuple):
    """A line with round corners: what flows, or the dashed one of a labelled output.

    `into` and `without` are paths of volumes: with the first it is seen, where the second is not seen it stands.
    """

    points: tuple[Point, ...]
    dashed: bool = False
    arrow: bool = True
    thin: bool = False
    into: str = ""
    without: str = ""


class Face(NamedTuple):
    """A side of a volume, or the window that moves over it and makes the volume `into`."""

    corners: tuple[Point, ...]
    family: str
    kind: Literal["front", "top", "side", "window"]
    wrong: bool = False
    path: str = ""
    into: str = ""


class Swatch(NamedTuple):
    """A colour of the legend."""

    area: Area
    family: str


class Picture(NamedTuple):
    """Everything in its place, from the left upper corner."""

    width: float
    height: float
    title: str
    description: str
    boxes: Sequence[PlacedBox]
    frames: Sequence[PlacedFrame]
    circles: Sequence[Circle]
    lines: Sequence[Line]
    words: Sequence[Words]
    swatches: Sequence[Swatch]
    faces: Sequence[Face] = ()
    net: Area = Area(0, 0, 0, 0)
    """Where the net is, without title, mistakes and legend."""
