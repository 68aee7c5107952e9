"""The page that shows what flows: pictures and numbers in one HTML file."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from netdsl.core.text import text
from netdsl.inside.flow import SampleFlow, Stage
from netdsl.inside.pictures import Panel, png
from netdsl.inside.table import numbers_html
from netdsl.reports.page import footer, paragraph, section, write_page

NARROW = 400
"""Pictures of at most so many pixels stand side by side."""


def write_flow_page(flow: SampleFlow, stages: Sequence[Stage], panels: Sequence[Panel]) -> str:
    """The text of the HTML file."""
    name = Path(flow.network.source.name).name
    return write_page(text("{name}: inside the net", name=name), _body(flow, stages, panels))


def _body(flow: SampleFlow, stages: Sequence[Stage], panels: Sequence[Panel]) -> Iterator[str]:
    yield f"<header><h1>{escape(Path(flow.network.source.name).name)}</h1>"
    yield f'<p class="sub">{escape(flow.name)}</p></header>'
    if panels:
        yield paragraph(
            text("In maps and kernels blue is below 0, white is 0, orange is above 0. Each layer has one scale.")
        )
    sections = [section(panel.title, [paragraph(panel.note), _image(panel)]) for panel in panels]
    # The sample and its saliency are compared pixel by pixel.
    if len(panels) > 1 and max(panel.image.width for panel in panels[:2]) <= NARROW:
        sections[:2] = [f'<div class="two">{"".join(sections[:2])}</div>']
    yield from sections
    yield section(text("Numbers"), [numbers_html(flow, stages)])
    yield footer()


def panels_html(panels: Sequence[Panel]) -> str:
    """The pictures with their headings, for a notebook."""
    return "".join(
        f"<p><b>{escape(panel.title)}</b><br>{escape(panel.note)}<br>{_image(panel)}</p>" for panel in panels
    )


def _image(panel: Panel) -> str:
    address = base64.b64encode(png(panel.image)).decode()
    return (
        f'<img style="max-width:100%;height:auto;image-rendering:pixelated" alt="{escape(panel.note)}" '
        f'width="{panel.image.width}" height="{panel.image.height}" src="data:image/png;base64,{address}">'
    )
