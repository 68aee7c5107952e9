"""The page itself: one file with nothing beside it, light or dark as the reader's system is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from netdsl.core.text import text
from netdsl.core.translation import spoken_language
from netdsl.drawing.svg import FONTS
from netdsl.drawing.themes import THEMES

RUN_COLORS = (
    ("#0072b2", "#56b4e9"),
    ("#c25100", "#f0a04b"),
    ("#007a59", "#2fc79b"),
    ("#a0528a", "#dd9ac6"),
    ("#8a6d00", "#e8d94a"),
    ("#5b6875", "#b3bfca"),
)
"""The colours of several runs, on a light page and on a dark one: those of Okabe and Ito, as dark as text has to be."""

STYLE = """
:root{color-scheme:light dark;@light@}
@media (prefers-color-scheme:dark){:root{@dark@}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 @fonts@}
main{max-width:1240px;margin:0 auto;padding:24px 20px 64px}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:0 0 12px}h3{font-size:1rem;margin:0}
p{margin:0 0 10px}a{color:var(--train)}
.sub,.note{color:var(--muted)}.note{font-size:.9rem}
.wrong-text{color:var(--test)}
section{background:var(--card);border:1px solid var(--border);border-radius:12px;padding:18px 20px;margin-top:18px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:18px 0 0;padding:0}
.facts div{background:var(--card);border:1px solid var(--border);border-radius:12px;padding:12px 16px}
.facts dt{color:var(--muted);font-size:.85rem}
.facts dd{margin:0;font-size:1.4rem;font-weight:bold;line-height:1.3;font-variant-numeric:tabular-nums}
.facts small{display:block;font-size:.8rem;font-weight:normal;color:var(--muted)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));gap:20px 26px}
figure{margin:0}
.chart{max-width:470px}.chart.square{max-width:430px}
.chart figcaption{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline;margin-bottom:4px}
.chart figcaption .best-text{color:var(--muted);font-size:.9rem}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 14px;padding:0;list-style:none;font-size:.9rem}
.legend i{display:inline-block;width:22px;height:0;border-top:3px solid;vertical-align:middle;margin-right:7px}
.legend i.thin{border-top-width:1.5px;opacity:.55}.legend i.dashed{border-top-style:dashed}
.legend i.square{width:12px;height:12px;border:1px solid var(--muted);vertical-align:-1px}
svg{display:block;width:100%;height:auto}
svg text{font:12px @fonts@;fill:var(--ink)}
svg .tick{fill:var(--muted);font-size:11.5px}svg .name{fill:var(--muted);font-size:12.5px}
.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--border);stroke-width:1.2}
.line{fill:none;stroke:currentColor;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
.pale{fill:none;stroke:currentColor;stroke-width:1;opacity:.38;stroke-linejoin:round}
.dashed{stroke-dasharray:5 4}.dot{fill:currentColor;stroke:none}
.ring{fill:var(--card);stroke:currentColor;stroke-width:2.4}
.best{stroke:var(--muted);stroke-width:1;stroke-dasharray:2 4;fill:none}
.equal{stroke:var(--muted);stroke-width:1.2;stroke-dasharray:5 4;fill:none}
circle.dot.test{fill-opacity:.7}
.train{color:var(--train)}.test{color:var(--test)}.lr{color:var(--other)}
.two{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:28px;align-items:start}
.scroll{overflow-x:auto}
.matrix .cell{fill:var(--cell)}.matrix .right .full{fill:var(--train)}.matrix .wrong .full{fill:var(--test)}
.matrix .light{fill:var(--card);font-weight:bold}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(98px,1fr));gap:13px;
margin:0 0 6px;padding:0;list-style:none}
.samples img{display:block;width:100%;aspect-ratio:1;object-fit:contain;image-rendering:pixelated;border-radius:6px;
background:var(--cell)}
.samples figure>div{display:flex;gap:4px}.samples.wide{grid-template-columns:repeat(auto-fill,minmax(300px,1fr))}
.samples.wide img{min-width:0;flex:1}
.samples img.smooth{image-rendering:auto}
.samples figcaption{font-size:.85rem;line-height:1.35;margin-top:5px;overflow-wrap:anywhere}
.samples b{font-size:.95rem}
.ok{color:var(--train)}.bad{color:var(--test)}
h3.group{margin:16px 0 10px}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
.wide{width:100%}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--grid);vertical-align:top}
.numbers td{white-space:pre}
th{color:var(--muted);font-weight:normal;white-space:nowrap}
tbody th{color:var(--ink)}
td.number,th.number{text-align:right}td.number{white-space:nowrap}
tr.strong td,tr.strong th{font-weight:bold}
code,pre{font:.88rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
pre{margin:0;overflow-x:auto;white-space:pre}pre i{color:var(--muted);font-style:normal;user-select:none}
.meter{display:inline-block;width:70px;height:9px;border-radius:5px;background:var(--cell);overflow:hidden;margin-left:8px}
.meter i{display:block;height:100%;background:var(--test)}
.net img{display:block;max-width:100%;height:auto;margin:0 auto}
details{margin-top:14px}summary{cursor:pointer;color:var(--muted)}details>*:not(summary){margin-top:10px}
:focus-visible{outline:3px solid var(--train);outline-offset:2px}
footer{color:var(--muted);font-size:.85rem;margin-top:22px}
@media (min-width:1000px){.samples:not(.wide){grid-template-columns:repeat(10,minmax(0,1fr));gap:11px}}
@media (max-width:760px){main{padding:16px 12px 40px}section{padding:14px}.two{grid-template-columns:minmax(0,1fr)}
.facts{grid-template-columns:repeat(2,minmax(0,1fr))}.facts dd{font-size:1.15rem}
.samples{grid-template-columns:repeat(auto-fill,minmax(88px,1fr))}h1{font-size:1.4rem}}
@media print{section{break-inside:avoid}body{background:none}}
"""


def write_page(title: str, body: Iterable[str]) -> str:
    """The text of the HTML file."""
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{spoken_language()}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            # Nothing is ever loaded, whatever a damaged file may have put into the page.
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            'img-src data:">',
            f"<title>{escape(title)}</title>",
            f"<style>{_style()}</style>",
            "</head>",
            "<body>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def section(heading: str, content: Iterable[str]) -> str:
    """A part of the page, with its heading; nothing where it has no content."""
    inside = "\n".join(content)
    return f"<section>\n<h2>{escape(heading)}</h2>\n{inside}\n</section>" if inside else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = (), kind: str = "") -> str:
    """A table that scrolls by itself where it is too wide. Its cells are HTML; `numbers` are set to the right."""
    right = set(numbers)

    def cells(values: Sequence[str], tag: str) -> str:
        marks = (' class="number"' if place in right else "" for place in range(len(values)))
        return "".join(f"<{tag}{mark}>{value}</{tag}>" for mark, value in zip(marks, values, strict=True))

    header = f"<thead><tr>{cells([escape(one) for one in head], 'th')}</tr></thead>" if head else ""
    body = "\n".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="scroll"><table class="{kind}">{header}<tbody>\n{body}\n</tbody></table></div>'


def facts(pairs: Iterable[tuple[str, str, str]]) -> str:
    """The numbers that one looks for first: what, how much, and a remark."""
    made = ""
    for name, value, remark in pairs:
        small = f"<small>{escape(remark)}</small>" if remark else ""
        made += f"<div><dt>{escape(name)}</dt><dd>{escape(value)}{small}</dd></div>"
    return f'<dl class="facts">{made}</dl>'


def chart(title: str, remark: str, drawn: str) -> str:
    """A chart with its title, and what is said beside it."""
    said = f'<span class="best-text">{escape(remark)}</span>' if remark else ""
    return f'<figure class="chart"><figcaption><h3>{escape(title)}</h3>{said}</figcaption>{drawn}</figure>'


def legend(entries: Iterable[tuple[str, str, str]]) -> str:
    """What the colours stand for: the class of each colour, that of its line, and a name."""
    made = (
        f'<li><i class="{look} {line}" style="border-color:currentColor"></i>{escape(name)}</li>'
        for look, line, name in entries
    )
    return f'<ul class="legend">{"".join(made)}</ul>'


def fold(summary: str, content: str) -> str:
    """Something that is read only when it is asked for."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>" if content else ""


def paragraph(words: str, kind: str = "note") -> str:
    """A remark."""
    return f'<p class="{kind}">{escape(words)}</p>'


def footer() -> str:
    """Who made the page."""
    from netdsl import __version__

    return f"<footer>{escape(text('made by netdsl {version}', version=__version__))}</footer>"


def _style() -> str:
    fields = {"fonts": FONTS, "light": _colors("light"), "dark": _colors("dark")}
    made = STYLE
    for name, value in fields.items():
        made = made.replace(f"@{name}@", value)
    runs = "".join(f".run-{place}{{color:var(--run-{place})}}" for place in range(len(RUN_COLORS)))
    return made + runs


def _colors(name: str) -> str:
    """The variables of a theme: those that the drawing has, and what only charts need."""
    theme, place = THEMES[name], ("light", "dark").index(name)
    colors = {
        "ground": theme.frame if name == "light" else "#0f1318",
        "card": theme.page,
        "ink": theme.ink,
        "muted": theme.muted,
        "border": "#d5dae0" if name == "light" else "#2c353f",
        "grid": "#e8ebef" if name == "light" else "#262e37",
        "cell": "#f0f2f5" if name == "light" else "#1f2731",
        "train": RUN_COLORS[0][place],
        "test": RUN_COLORS[1][place],
        "other": RUN_COLORS[2][place],
        **{f"run-{number}": pair[place] for number, pair in enumerate(RUN_COLORS)},
    }
    return ";".join(f"--{key}:{value}" for key, value in colors.items())
