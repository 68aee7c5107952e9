"""HTML for notebooks: tables, and what is printed in colour. Everything is escaped, and nothing needs a script.

A notebook has a light or a dark page and does not say which. So texts have the page's colour, lines have it in part,
and the other colours can be read on both.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

COLORS = {"31": "#dd4b45", "33": "#a07500", "34": "#3b7edb", "36": "#128a8a"}
"""By the numbers that terminals have for red, yellow, blue and cyan."""

STYLES = {"1": "font-weight:bold", "4": "text-decoration:underline"} | {
    number: f"color:{color}" for number, color in COLORS.items()
}
ESCAPE = re.compile(r"\x1b\[([\d;]*)m")
RESET = ("", "0")

PLAIN = "font-family:monospace;line-height:1.3;margin:.3em 0"
MONOSPACED = "font-family:monospace;white-space:pre"
RULE = "border:0;border-bottom:1px solid color-mix(in srgb,currentColor 30%,transparent)"
CELL = "padding:.15em .7em;background:none"


def pre_html(text: str, *, wraps: bool = False) -> str:
    """A text as a terminal shows it, its colours included; long lines go on below if the text `wraps`."""
    parts, opened = [], 0
    # Of what `re.split` gives, every second piece is what the pattern's group found.
    for place, piece in enumerate(ESCAPE.split(text)):
        if place % 2 == 0:
            parts.append(escape(piece))
        elif piece in RESET:
            parts.append("</span>" * opened)
            opened = 0
        else:
            style = ";".join(STYLES[number] for number in piece.split(";") if number in STYLES)
            parts.append(f'<span style="{style}">')
            opened += 1
    flow = "white-space:pre-wrap;word-break:normal" if wraps else "white-space:pre;overflow-x:auto"
    return f'<pre style="{PLAIN};{flow}">{"".join(parts)}{"</span>" * opened}</pre>'


def table_html(
    headings: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (), bold: Sequence[int] = ()
) -> str:
    """A table: the columns `left` lie left, as words do, the others right, as numbers do; the rows `bold` stand out.

    Where all headings are empty, it has no head.
    """
    sides = ["left" if column in left else "right" for column in range(len(headings))]

    def line(cells: Sequence[str], tag: str, style: str) -> str:
        made = (
            f'<{tag} style="text-align:{side};{CELL};{style}">{escape(cell)}</{tag}>'
            for cell, side in zip(cells, sides, strict=True)
        )
        return f'<tr style="background:none">{"".join(made)}</tr>'

    body = (
        line(cells, "td", f"{MONOSPACED};border:0{';font-weight:bold' if number in bold else ''}")
        for number, cells in enumerate(rows)
    )
    head = f"<thead>{line(headings, 'th', RULE)}</thead>" if any(headings) else ""
    return f'<table style="border-collapse:collapse">{head}<tbody>{"".join(body)}</tbody></table>'


def title_html(title: str) -> str:
    """A line in bold."""
    return f"<div><b>{escape(title)}</b></div>"


def image_html(png: bytes, label: str) -> str:
    """A picture below a line that says what it is."""
    said = escape(label)
    return f'<div>{said}</div><img alt="{said}" src="data:image/png;base64,{b64encode(png).decode()}">'
