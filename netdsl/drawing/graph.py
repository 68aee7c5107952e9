"""A diagram as nodes, edges and groups, for tools that lay out graphs themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from netdsl.core.text import text
from netdsl.drawing.box_text import write_params
from netdsl.drawing.diagram import Box, Diagram, Frame, Parallel, Part, Series


class Vertex(NamedTuple):
    """A box, or the circle of a join; the lines of its text."""

    key: str
    lines: tuple[str, ...]
    family: str
    round: bool = False
    wrong: bool = False


class Arc(NamedTuple):
    """From one vertex to another, with the shape that flows there or the label that is taken."""

    start: str
    end: str
    words: str = ""
    dashed: bool = False


@dataclass
class Cluster:
    """An opened block, or the whole net: what stands in it."""

    key: str
    title: str
    inside: list[Vertex | Cluster] = field(default_factory=list)


@dataclass
class Graph:
    """The net as vertices in groups, and the arcs between them."""

    top: Cluster
    arcs: list[Arc]


class _End(NamedTuple):
    """A vertex whose output comes next, and what is written on the way."""

    key: str
    words: str


def make_graph(diagram: Diagram) -> Graph:
    """The graph of a diagram, with a vertex for its input and one for its output."""
    return _GraphBuilder(diagram).build()


class _GraphBuilder:
    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.arcs: list[Arc] = []
        self.count = 0

    def build(self) -> Graph:
        """The whole graph."""
        top = Cluster("net", self.diagram.title)
        series = self.diagram.root
        if not series.parts:
            return Graph(top, [])
        top.inside.append(Vertex("input", (text("input"),), "input"))
        ends = self._series(series, [_End("input", self.diagram.write_shape(series.inputs))], top)
        top.inside.append(Vertex("output", (text("output"),), "input"))
        self._link(ends, "output")
        return Graph(top, self.arcs)

    def _series(self, series: Series, ends: Sequence[_End], group: Cluster) -> Sequence[_End]:
        after: list[Sequence[_End]] = []
        for place, part in enumerate(series.parts):
            taken = [(skip.label, after[skip.start]) for skip in series.skips if skip.end == place]
            ends = self._part(part, ends, group, taken)
            after.append(ends)
        return ends

    def _part(
        self, part: Part, ends: Sequence[_End], group: Cluster, taken: Sequence[tuple[str, Sequence[_End]]]
    ) -> Sequence[_End]:
        words = self.diagram.write_shape(part.shapes)
        match part:
            case Frame():
                inner = Cluster(
                    self._key("g"), " ".join([part.title, *([f"× {part.times}"] if part.times > 1 else [])])
                )
                group.inside.append(inner)
                before = len(self.arcs)
                found = self._series(part.content, ends, inner)
                # A labelled output that something in the block takes leads to where the block begins.
                self._take(taken, next((arc.end for arc in self.arcs[before:]), found[0].key))
                return found
            case Parallel(arms=arms) if arms:
                outputs = [end for arm in arms for end in self._series(arm, ends, group)]
                key = self._key()
                group.inside.append(Vertex(key, (part.join.sign,), "join", round=True, wrong=bool(part.box.messages)))
                self._link(outputs, key)
                self._take(taken, key)
                return [_End(key, words)]
            case Parallel(box=box) | (Box() as box):
                key = self._key()
                group.inside.append(Vertex(key, tuple(_lines(box)), box.family, wrong=bool(box.messages)))
                self._link(ends, key)
                self._take(taken, key)
                return [_End(key, words)]

    def _link(self, ends: Sequence[_End], key: str) -> None:
        self.arcs += [Arc(end.key, key, end.words) for end in ends]

    def _take(self, taken: Sequence[tuple[str, Sequence[_End]]], key: str) -> None:
        self.arcs += [Arc(end.key, key, label, dashed=True) for label, ends in taken for end in ends]

    def _key(self, letter: str = "n") -> str:
        self.count += 1
        return f"{letter}{self.count}"


def _lines(box: Box) -> Iterator[str]:
    yield f"{box.title} {box.detail}".strip()
    if box.times > 1:
        yield f"× {box.times}"
    if params := write_params(box):
        yield params
    yield from box.messages
