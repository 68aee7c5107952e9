"""A diagram in the language of graphviz."""

from __future__ import annotations

import json
from collections.abc import Iterator

from netdsl.drawing.diagram import Diagram
from netdsl.drawing.graph import Arc, Cluster, Graph, Vertex, make_graph
from netdsl.drawing.laid import Direction
from netdsl.drawing.themes import Theme


def write_dot(diagram: Diagram, theme: Theme, direction: Direction) -> str:
    """The text of a `.dot` file."""
    graph = make_graph(diagram)
    return "\n".join([*_lines(graph, theme, direction), ""])


def _lines(graph: Graph, theme: Theme, direction: Direction) -> Iterator[str]:
    yield f"digraph {_quote(graph.top.title)} {{"
    yield f"  rankdir={'LR' if direction == 'right' else 'TB'}"
    yield f"  bgcolor={_quote(theme.page)}"
    font = f'fontname="Helvetica" fontcolor={_quote(theme.ink)}'
    yield f'  node [shape=box style="rounded,filled" {font} fontsize=12]'
    yield f"  edge [color={_quote(theme.line)} {font} fontsize=10]"
    yield f"  graph [{font}]"
    yield from _inside(graph.top, theme, "  ")
    yield from map(_arc, graph.arcs)
    yield "}"


def _inside(group: Cluster, theme: Theme, margin: str) -> Iterator[str]:
    for one in group.inside:
        if isinstance(one, Vertex):
            yield f"{margin}{one.key} [{_attributes(one, theme)}]"
        else:
            yield f"{margin}subgraph cluster_{one.key} {{"
            yield f"{margin}  label={_quote(one.title)} labeljust=l style=rounded color={_quote(theme.border)}"
            yield from _inside(one, theme, margin + "  ")
            yield f"{margin}}}"


def _attributes(vertex: Vertex, theme: Theme) -> str:
    label = _quote("\n".join(vertex.lines))
    border = theme.wrong if vertex.wrong else theme.stroke(vertex.family)
    if vertex.round:
        return f"label={label} shape=circle width=0.3 fillcolor={_quote(theme.ground)} color={_quote(theme.line)}"
    if vertex.family == "input":
        return f"label={label} shape=plain style=solid"
    return f"label={label} fillcolor={_quote(theme.fill(vertex.family))} color={_quote(border)}"


def _arc(arc: Arc) -> str:
    # Without `constraint`, a labelled output pulls what takes it towards its source.
    dashed = " style=dashed constraint=false" if arc.dashed else ""
    return f"  {arc.start} -> {arc.end} [label={_quote(arc.words)}{dashed}]"


def _quote(words: str) -> str:
    """A string of graphviz; its escapes are those of JSON, but for letters beyond ASCII, which stay."""
    return json.dumps(words, ensure_ascii=False)
