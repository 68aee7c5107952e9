"""A diagram as nodes, edges and groups, for tools that lay out graphs themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from netdsl.core.text import text
from netdsl.drawing.box_text import write_params
from netdsl.drawing.diagram import Box, Diagram, Frame, Parallel, Part, Series
from netdsl.program import NetInput


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
        inputs = self.diagram.inputs or (NetInput("", series.inputs[0]),)
        named: dict[str, Sequence[_End]] = {}
        for one in inputs:
            key = f"input_{one.name}" if one.name else "input"
            top.inside.append(Vertex(key, (one.name or text("input"),), "input"))
            named[one.name] = [_End(key, self.diagram.write_shape([one.shape]))]
        ends = self._series(series, named[inputs[0].name], top, named)
        if len(series.outputs) < 2:
            top.inside.append(Vertex("output", (series.outputs[0] if series.outputs else text("output"),), "input"))
            self._link(ends, "output")
        for label in series.outputs if len(series.outputs) > 1 else ():
            top.inside.append(Vertex(f"output_{label}", (label,), "input"))
            self._link(named[label], f"output_{label}")
        return Graph(top, self.arcs)

    def _series(
        self, series: Series, ends: Sequence[_End], group: Cluster, named: dict[str, Sequence[_End]]
    ) -> Sequence[_End]:
        """`named` are the outputs in sight by their labels; those of this series are entered."""
        own: set[str] = set()
        for part in series.parts:
            # A frame that takes an output from outside hands it on to what is inside; a labelled one comes from here.
            taken = [
                (label, named[label]) for label in sorted(part.takes) if label in named and self._is_near(label, own)
            ]
            ends = self._part(part, named.get(part.start, ends) if part.start else ends, group, taken, named)
            if part.label:
                named[part.label] = ends
                own.add(part.label)
        return named[series.outputs[-1]] if series.outputs else ends

    def _is_near(self, label: str, own: set[str]) -> bool:
        """Whether a label is of the series at hand, or an input's."""
        return label in own or label in {one.name for one in self.diagram.inputs}

    def _part(
        self,
        part: Part,
        ends: Sequence[_End],
        group: Cluster,
        taken: Sequence[tuple[str, Sequence[_End]]],
        named: Mapping[str, Sequence[_End]],
    ) -> Sequence[_End]:
        words = self.diagram.write_shape(part.shapes)
        match part:
            case Frame():
                inner = Cluster(
                    self._key("g"), " ".join([part.title, *([f"× {part.times}"] if part.times > 1 else [])])
                )
                group.inside.append(inner)
                before = len(self.arcs)
                found = self._series(part.content, ends, inner, dict(named))
                # A labelled output that something in the block takes leads to where the block begins.
                first = next((arc.end for arc in self.arcs[before:]), found[0].key)
                self._take(self._left(taken, before), first)
                return found
            case Parallel(arms=arms) if arms:
                before = len(self.arcs)
                outputs = [end for arm in arms for end in self._series(arm, ends, group, dict(named))]
                key = self._key()
                group.inside.append(Vertex(key, (part.join.sign,), "join", round=True, wrong=bool(part.box.messages)))
                self._link(outputs, key)
                self._take(self._left(taken, before), key)
                return [_End(key, words)]
            case Parallel(box=box) | (Box() as box):
                key = self._key()
                group.inside.append(Vertex(key, tuple(_lines(box)), box.family, wrong=bool(box.messages)))
                self._link(ends, key)
                self._take(taken, key)
                return [_End(key, words)]

    def _link(self, ends: Sequence[_End], key: str) -> None:
        self.arcs += [Arc(end.key, key, end.words) for end in ends]

    def _left(self, taken: Sequence[tuple[str, Sequence[_End]]], before: int) -> Sequence[tuple[str, Sequence[_End]]]:
        """The labelled outputs that no arc since then leads in already, as behind a `from`."""
        led = {arc.start for arc in self.arcs[before:]}
        return [(label, ends) for label, ends in taken if not led & {end.key for end in ends}]

    def _take(self, taken: Sequence[tuple[str, Sequence[_End]]], key: str) -> None:
        # Where ways run beside each other, what joins them is no shortcut past others.
        dashed = not self.diagram.root.is_rewired
        self.arcs += [Arc(end.key, key, label, dashed=dashed) for label, ends in taken for end in ends]

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
