"""A picture as a page: one file, in which a statement explains itself and each block is opened and closed by a click.

The page holds the net once, with all its blocks open, and beside each open block the box that stands in its place when
it is closed. To close one is a monotone map of both axes: the strips of the page in which nothing but the closed block
stood are cut out. What stood apart still does, so that nothing overlaps whatever is open.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from netdsl.core.text import text
from netdsl.core.translation import spoken_language
from netdsl.drawing.diagram import Box, Diagram
from netdsl.drawing.picture import Picture
from netdsl.drawing.svg import FONTS, write_svg
from netdsl.drawing.themes import Theme

PAGE = """<!doctype html>
<html lang="@language@">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>@title@</title>
<style>
body{margin:0;background:@page@;color:@ink@;font:14px/1.45 @fonts@;overflow-wrap:anywhere}
main{padding:8px 8px 200px;overflow:auto}
main>svg{height:auto;max-width:max(100%,calc(var(--width)*@shrunk@px))}
[data-box],[data-frame]{cursor:help;outline:none}
[data-fold],[data-frame]{cursor:pointer}
.away{display:none}
[data-box]:is(:hover,:focus) :is(rect,circle){stroke-width:2.6}
[data-box]:is(:hover,:focus) polygon{stroke-width:1.8}
[data-box]:focus-visible :is(rect,circle,polygon),[data-frame]:focus-visible{stroke:@label@;stroke-width:3.2}
aside{position:fixed;left:0;right:0;bottom:0;padding:10px 20px;background:@frame@;border-top:1px solid @border@;
min-height:3.2em;max-height:190px;overflow:auto}
aside b{margin-right:.8em}aside p{margin:.25em 0}aside code{font-size:13px;margin-right:1.6em;white-space:pre-wrap}
aside .wrong{color:@wrong@}aside small{color:@muted@}
</style>
</head>
<body>
<main data-depth="@depth@" style="--width:@width@">
@picture@</main>
<aside aria-live="polite"><small>@hint@</small></aside>
<script type="application/json" id="facts">@facts@</script>
<script>
@script@</script>
</body>
</html>
"""

SMALLEST_SCALE = 0.55
"""On a narrow screen a picture shrinks to this part of its size, in which text can be read; then the page scrolls."""

SCRIPT = Path(__file__).with_name("page.js")


def write_html(diagram: Diagram, picture: Picture, theme: Theme, depth: int = 0) -> str:
    """The text of an HTML file that shows a net with its blocks opened `depth` levels deep at first."""
    folds = any(frame.closed for frame in picture.frames)
    hint = (
        text("Point at a statement to see what it does. Click a block to open or close it.")
        if folds
        else text("Point at a statement to see what it does.")
    )
    fields = {
        "language": spoken_language(),
        "title": escape(picture.title),
        "page": theme.page,
        "fonts": FONTS,
        "hint": escape(hint),
        "depth": str(depth),
        "shrunk": str(SMALLEST_SCALE),
        "width": f"{picture.width:g}",
        "picture": write_svg(picture, theme, keyed=True, folds=folds),
        "facts": json.dumps(_facts(diagram, picture), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/"),
        "script": SCRIPT.read_text(encoding="utf-8"),
    }
    for name in ("ink", "muted", "label", "wrong", "frame", "border"):
        fields[name] = getattr(theme, name)
    page = PAGE.partition("@")[0]
    # One pass over the template, so that nothing in a field is taken for another field.
    for place, piece in enumerate(PAGE.split("@")[1:]):
        page += piece if place % 2 else fields[piece]
    return page


def _facts(diagram: Diagram, picture: Picture) -> dict[str, dict[str, object]]:
    """What is said of each statement, by its path."""
    boxes = [*diagram.root.boxes(), *(frame.closed.box for frame in picture.frames if frame.closed)]
    return {box.path: describe_box(diagram, box) for box in boxes}


def describe_box(diagram: Diagram, box: Box) -> dict[str, object]:
    """What is said of a statement: itself, its place, what it does, its arithmetic and its mistakes."""
    line = box.span.position.line
    shapes = f"{diagram.write_shape(box.inputs)} → {diagram.write_shape(box.shapes)}"
    place = (
        text(
            "{file}, line {line} · {path} · {shapes} · {parameters:,} parameters",
            file=box.span.source.name,
            line=line,
            path=box.path,
            shapes=shapes,
            parameters=box.params[0],
        )
        if box.family
        else text("{file}, line {line}", file=box.span.source.name, line=line)
    )
    return {
        "statement": f"{box.title} {box.detail}".strip(),
        "place": place,
        "summary": box.summary,
        "arithmetic": [*([box.formula] if box.formula else []), *box.formulas],
        "wrong": list(box.messages),
    }
