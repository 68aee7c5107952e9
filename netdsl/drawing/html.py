"""A picture as a page: one file, in which a statement explains itself and blocks are opened and closed by a click.

The page holds the picture at each depth. A click on a closed block shows the next one, a click into an opened block the
one before; the script only changes which is seen, and stays where the block was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from netdsl.core.text import text
from netdsl.drawing.diagram import Box, Diagram
from netdsl.drawing.picture import Picture
from netdsl.drawing.svg import FONTS, write_svg
from netdsl.drawing.themes import Theme

MOST_LEVELS, MOST_BOXES = 6, 600
"""What a page holds at most, so that a browser opens it at once."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>@title@</title>
<style>
body{margin:0;background:@page@;color:@ink@;font:14px/1.45 @fonts@}
main{padding:8px 8px 200px;overflow:auto}
[data-depth][hidden]{display:none}
[data-box]{cursor:help;outline:none}
[data-opens],[data-frame]{cursor:pointer}
[data-box]:hover rect,[data-box]:focus rect{stroke-width:2.6}
aside{position:fixed;left:0;right:0;bottom:0;padding:10px 20px;background:@frame@;border-top:1px solid @border@;
min-height:3.2em;max-height:190px;overflow:auto}
aside b{margin-right:.8em}aside p{margin:.25em 0}aside code{font-size:13px;margin-right:1.6em;white-space:pre-wrap}
aside .wrong{color:@wrong@}aside small{color:@muted@}
</style>
</head>
<body>
<main>
@pictures@
</main>
<aside aria-live="polite"><small>@hint@</small></aside>
<script type="application/json" id="facts">@facts@</script>
<script>
const facts = JSON.parse(document.getElementById("facts").textContent);
const views = [...document.querySelectorAll("[data-depth]")];
const panel = document.querySelector("aside");
let now = views.findIndex(view => !view.hidden);
function line(tag, words, kind) {
  const made = document.createElement(tag);
  made.textContent = words;
  if (kind) made.className = kind;
  return made;
}
function explain(path) {
  const fact = facts[path];
  if (!fact) return;
  const head = document.createElement("p");
  head.append(line("b", fact.statement), line("small", fact.place));
  panel.replaceChildren(head);
  for (const words of fact.wrong) panel.append(line("p", words, "wrong"));
  if (fact.summary) panel.append(line("p", fact.summary));
  const sizes = document.createElement("p");
  for (const words of fact.arithmetic) sizes.append(line("code", words));
  panel.append(sizes);
}
function show(level, path) {
  if (level < 0 || level >= views.length) return;
  views[now].hidden = true;
  now = level;
  views[now].hidden = false;
  const same = [...views[now].querySelectorAll("[data-box],[data-frame]")]
    .find(one => (one.dataset.box || one.dataset.frame) === path);
  if (same) same.scrollIntoView({block: "center", inline: "center"});
}
function act(event) {
  const box = event.target.closest("[data-box]");
  if (box) {
    explain(box.dataset.box);
    if ("opens" in box.dataset) show(now + 1, box.dataset.box);
    return;
  }
  const frame = event.target.closest("[data-frame]");
  if (frame) show(now - 1, frame.dataset.frame);
}
document.addEventListener("click", act);
document.addEventListener("keydown", event => { if (event.key === "Enter") act(event); });
for (const kind of ["mouseover", "focusin"]) document.addEventListener(kind, event => {
  const box = event.target.closest("[data-box]");
  if (box) explain(box.dataset.box);
});
</script>
</body>
</html>
"""


class View(NamedTuple):
    """The net at one depth."""

    diagram: Diagram
    picture: Picture


def write_html(views: Sequence[View], chosen: int, theme: Theme) -> str:
    """The text of an HTML file that shows one of the views first."""
    fields = {
        "title": escape(views[chosen].picture.title),
        "page": theme.page,
        "fonts": FONTS,
        "hint": escape(text("Point at a statement to see what it does. Click a block to open or close it.")),
        "pictures": "\n".join(_pictures(views, chosen, theme)),
        "facts": json.dumps(_facts(views), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/"),
    }
    for name in ("ink", "muted", "wrong", "frame", "border"):
        fields[name] = getattr(theme, name)
    page = PAGE.partition("@")[0]
    # One pass over the template, so that nothing in a field is taken for another field.
    for place, piece in enumerate(PAGE.split("@")[1:]):
        page += piece if place % 2 else fields[piece]
    return page


def _pictures(views: Sequence[View], chosen: int, theme: Theme) -> Iterator[str]:
    for place, view in enumerate(views):
        hidden = "" if place == chosen else " hidden"
        opens = place + 1 < len(views)
        yield f'<div data-depth="{place}"{hidden}>'
        yield write_svg(view.picture, theme, prefix=f"v{place}-", keyed=True, opens=opens)
        yield "</div>"


def _facts(views: Sequence[View]) -> dict[str, dict[str, object]]:
    """What is said of each statement, by its path."""
    found: dict[str, dict[str, object]] = {}
    for view in views:
        for box in view.diagram.root.boxes():
            found.setdefault(box.path, describe_box(view.diagram, box))
    return found


def describe_box(diagram: Diagram, box: Box) -> dict[str, object]:
    """What is said of a statement: itself, its place, what it does, its arithmetic and its mistakes."""
    line = box.span.position.line
    shapes = f"{diagram.write_shape(box.inputs)} → {diagram.write_shape(box.shapes)}"
    place = text(
        "{file}, line {line} · {path} · {shapes} · {parameters:,} parameters",
        file=box.span.source.name,
        line=line,
        path=box.path,
        shapes=shapes,
        parameters=box.params[0],
    )
    return {
        "statement": f"{box.title} {box.detail}".strip(),
        "place": place,
        "summary": box.summary,
        "arithmetic": [*([box.formula] if box.formula else []), *box.formulas],
        "wrong": list(box.messages),
    }
