"""A picture in TikZ: a document that compiles by itself, in which a paper may change what it likes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netdsl.drawing.picture import Circle, Face, Line, Picture, PlacedBox, Point, Words
from netdsl.drawing.themes import Theme

ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "`": r"\textasciigrave{}",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "→": r"$\to$",
    "−": r"$-$",
    "…": r"\dots{}",
    "⌊": r"$\lfloor$",
    "⌋": r"$\rfloor$",
    "⌈": r"$\lceil$",
    "⌉": r"$\rceil$",
}
ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}
SCALE = 0.75
"""A CSS pixel is three quarters of a point."""


def write_tikz(picture: Picture, theme: Theme) -> str:
    """The text of a `.tikz` file, which `pdflatex` compiles."""
    return "\n".join([*_document(picture, theme), ""])


def _document(picture: Picture, theme: Theme) -> Iterator[str]:
    drawn = [box.box.family for box in picture.boxes] + [face.family for face in picture.faces]
    families = sorted({*drawn, *(swatch.family for swatch in picture.swatches)})
    names = {family: f"family{chr(97 + place)}" for place, family in enumerate(families)}
    yield r"\documentclass[tikz,border=6pt]{standalone}"
    yield r"\usepackage[T1]{fontenc}"
    yield r"\usepackage{helvet}"
    yield r"\renewcommand{\familydefault}{\sfdefault}"
    yield r"\usetikzlibrary{arrows.meta}"
    for name in ("ground", "ink", "muted", "soft", "label", "wrong", "alarm", "line", "frame", "border"):
        yield rf"\definecolor{{net{name}}}{{HTML}}{{{_hex(getattr(theme, name))}}}"
    for family, name in names.items():
        yield rf"\definecolor{{{name}fill}}{{HTML}}{{{_hex(theme.fill(family))}}}"
        yield rf"\definecolor{{{name}stroke}}{{HTML}}{{{_hex(theme.stroke(family))}}}"
    yield r"\begin{document}"
    yield rf"\begin{{tikzpicture}}[x={SCALE}pt,y=-{SCALE}pt,line width=.8pt,>={{Stealth[length=4pt]}},"
    yield r"  every node/.style={inner sep=0pt,text=netink},flow/.style={draw=netline,rounded corners=4pt},"
    yield r"  skip/.style={draw=netlabel,dashed,rounded corners=4pt}]"
    if theme.page != "#ffffff":  # a paper is white
        yield rf"\fill[netground] (0,0) rectangle ({picture.width:g},{picture.height:g});"
    for frame in picture.frames:
        yield rf"\draw[netborder,fill=netframe,rounded corners=6pt] {_rectangle(frame.area)};"
    yield from (_face(face, names[face.family]) for face in picture.faces)
    yield from map(_line, picture.lines)
    for box in picture.boxes:
        yield from _box(box, names[box.box.family])
    yield from (line for circle in picture.circles for line in _circle(circle))
    yield from map(_words, picture.words)
    for one in picture.swatches:
        name = names[one.family]
        yield rf"\draw[{name}stroke,fill={name}fill,rounded corners=2pt] {_rectangle(one.area)};"
    yield r"\end{tikzpicture}"
    yield r"\end{document}"


def _box(placed: PlacedBox, name: str) -> Iterator[str]:
    wrong = bool(placed.box.messages)
    border, fill = ("netwrong,line width=1.6pt", "netalarm") if wrong else (f"{name}stroke", f"{name}fill")
    yield rf"\draw[{border},fill={fill},rounded corners=3pt] {_rectangle(placed.area)};"
    yield from map(_words, placed.lines)


def _circle(circle: Circle) -> Iterator[str]:
    border = "netwrong" if circle.box.messages else "netline"
    x, y = circle.center
    yield rf"\draw[{border},fill=netground] ({x:g},{y:g}) circle[radius={circle.radius * SCALE:g}pt];"
    if len(circle.sign) == 1:
        yield rf"\node at ({x:g},{y:g}) {{{_escape(circle.sign)}}};"


def _face(face: Face, name: str) -> str:
    border = "netwrong" if face.wrong else f"{name}stroke"
    opacity = {"top": ",fill opacity=.6", "window": ",fill opacity=.7"}.get(face.kind, "")
    fill = "netground" if face.kind == "window" else "netalarm" if face.wrong else f"{name}fill"
    return rf"\draw[{border},fill={fill}{opacity},line join=round] {_path(face.corners)} -- cycle;"


def _line(line: Line) -> str:
    style = "skip" if line.dashed else "draw=netmuted,line width=.4pt" if line.thin else "flow"
    arrow = ",->" if line.arrow else ""
    return rf"\draw[{style}{arrow}] {_path(line.points)};"


def _path(points: Sequence[Point]) -> str:
    return " -- ".join(f"({x:g},{y:g})" for x, y in points)


def _words(words: Words) -> str:
    tones = {"muted": "netmuted", "soft": "netsoft", "label": "netlabel", "wrong": "netwrong"}
    color = f",text={tones[words.tone]}" if words.tone in tones else ""
    shape = r"\bfseries" if words.tone == "strong" else r"\itshape" if words.tone == "label" else ""
    size = words.size * SCALE
    font = rf"\fontsize{{{size:.1f}}}{{{size * 1.2:.1f}}}\selectfont{shape}"
    style = rf"anchor={ANCHORS[words.anchor]},font={font}{color}"
    return rf"\node[{style}] at ({words.x:g},{words.y:g}) {{{_escape(words.text)}}};"


def _rectangle(area: Sequence[float]) -> str:
    x, y, width, height = area
    return f"({x:g},{y:g}) rectangle ({x + width:g},{y + height:g})"


def _hex(color: str) -> str:
    return color.removeprefix("#").upper()


def _escape(words: str) -> str:
    return "".join(ESCAPES.get(character, character) for character in words)
