"""A diagram in the language of Mermaid, which Markdown pages of many sites show."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.drawing.diagram import Diagram
from netdsl.drawing.graph import Arc, Cluster, Graph, Vertex, make_graph
from netdsl.drawing.laid import Direction
from netdsl.drawing.themes import Theme

ESCAPES = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}
"""Characters that Mermaid reads as its own."""


def write_mermaid(diagram: Diagram, theme: Theme, direction: Direction) -> str:
    """The text of a `.mmd` file."""
    return "\n".join([*_lines(make_graph(diagram), theme, direction), ""])


def _lines(graph: Graph, theme: Theme, direction: Direction) -> Iterator[str]:
    yield f"flowchart {'LR' if direction == 'right' else 'TB'}"
    vertices = list(_vertices(graph.top))
    yield from _inside(graph.top, "  ")
    yield from map(_arc, graph.arcs)
    families = sorted({vertex.family for vertex in vertices} - {"input", "join"})
    for family in families:
        keys = ",".join(vertex.key for vertex in vertices if vertex.family == family)
        yield f"  classDef {_name(family)} fill:{theme.fill(family)},stroke:{theme.stroke(family)},color:{theme.ink}"
        yield f"  class {keys} {_name(family)}"
    if wrong := ",".join(vertex.key for vertex in vertices if vertex.wrong):
        yield f"  classDef wrong stroke:{theme.wrong},stroke-width:3px"
        yield f"  class {wrong} wrong"


def _vertices(group: Cluster) -> Iterator[Vertex]:
    for one in group.inside:
        if isinstance(one, Vertex):
            yield one
        else:
            yield from _vertices(one)


def _inside(group: Cluster, margin: str) -> Iterator[str]:
    for one in group.inside:
        if isinstance(one, Vertex):
            words = _quote("\n".join(one.lines))
            yield f"{margin}{one.key}(({words}))" if one.round else f"{margin}{one.key}({words})"
        else:
            yield f"{margin}subgraph {one.key} [{_quote(one.title or ' ')}]"
            yield from _inside(one, margin + "  ")
            yield f"{margin}end"


def _arc(arc: Arc) -> str:
    line = "-.->" if arc.dashed else "-->"
    words = f"|{_quote(arc.words)}|" if arc.words else ""
    return f"  {arc.start} {line}{words} {arc.end}"


def _name(family: str) -> str:
    """A class's name, which is one word."""
    return "f_" + "".join(character if character.isalnum() else "_" for character in family)


def _quote(words: str) -> str:
    escaped = "".join(ESCAPES.get(character, character) for character in words)
    return '"' + escaped.replace("\n", "<br>") + '"'
