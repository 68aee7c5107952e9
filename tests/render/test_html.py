"""HTML for notebooks."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

import netdsl
from netdsl.render.diagnostics import render_text
from netdsl.render.html import COLORS, image_html, pre_html, table_html, title_html

HOSTILE = "<script>alert(1)</script> & \"'\x1b[31m"


class Reader(HTMLParser):
    """Collects the texts and the tags, and sees that each is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.shown = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.mark.parametrize(
    "html",
    [
        pre_html(HOSTILE),
        table_html(("a", HOSTILE), [("1", HOSTILE)], left=(1,)),
        title_html(HOSTILE),
        image_html(b"png", HOSTILE),
    ],
)
def test_nothing_of_a_text_becomes_a_tag(html: str) -> None:
    found = Reader(html)
    assert "script" not in found.tags
    assert "<script>alert(1)</script> & \"'" in found.shown


def test_a_hostile_name_in_a_net_is_shown_as_it_is() -> None:
    found = Reader(netdsl.shapes('input 8; linear 4  # <b>"&\n')._repr_html_())
    assert "<text>: 8 -> 4" in found.shown
    assert "b" in found.tags


def test_colours_of_the_terminal_become_spans() -> None:
    diagnostics = netdsl.check("input 3x8x8\nconv 4 k3; linear 9->2")
    html = pre_html(render_text(diagnostics, color=True))
    assert Reader(html).shown == render_text(diagnostics)
    assert f"color:{COLORS['31']}" in html
    assert "\x1b" not in html


def luminance(color: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("color", COLORS.values())
@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_colours_can_be_read_on_light_and_dark_pages(color: str, page: str) -> None:
    low, high = sorted((luminance(color), luminance(page)))
    assert (high + 0.05) / (low + 0.05) > 4


def test_a_table_has_all_that_the_printed_one_has() -> None:
    net = netdsl.shapes("input 3x32x32; residual { conv 3 k3 p1; relu }; maxpool 2; flatten; linear 10")
    shown, printed = Reader(net._repr_html_()).shown, str(net)
    assert [word for word in printed.split() if word not in shown] == []


def test_drawings_on_one_page_keep_their_styles_to_themselves() -> None:
    one, other = (netdsl.draw(f"linear 4->{size}")._repr_svg_() for size in (2, 3))
    names = [svg.partition('class="')[2].partition('"')[0] for svg in (one, other)]
    assert names[0] != names[1]
    for name, svg in zip(names, (one, other), strict=True):
        style = svg.partition("<style>")[2].partition("</style>")[0]
        assert all(rule.startswith(f".{name} ") for rule in style.split("}") if rule)
        assert f'<title id="{name}-title">' in svg


def test_a_page_gets_no_more_rows_than_it_can_show() -> None:
    net = netdsl.shapes("\n".join(f"linear {n}->{n + 1}" for n in range(1, 701)))
    html = net._repr_html_()
    assert html.count("<tr") == 1 + 500 + 1 + 3
    assert "… and 200 more" in html
    assert "linear 700-&gt;701" not in html
    assert "linear 700->701" in str(net)
