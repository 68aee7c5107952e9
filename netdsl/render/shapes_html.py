"""The table of shapes for notebooks."""

from __future__ import annotations

from itertools import islice

from netdsl.core.text import text
from netdsl.core.translation import translate
from netdsl.program import Network
from netdsl.render.cells import visible
from netdsl.render.html import table_html, title_html
from netdsl.render.rows import Row, Sample, TableRows
from netdsl.render.table import HEADINGS, totals

MOST_ROWS = 500
"""A page gets slow with more, and nobody reads them there; `str` has them all."""


def shapes_html(network: Network, *, batch: int = 64) -> str:
    """What `shapes_table` prints, as HTML."""
    source, sample = network.source, Sample.of(network)
    every = TableRows(source, sample).of(network.nodes)
    rows = list(islice(every, MOST_ROWS))
    if left_out := sum(1 for _ in every):
        rows.append(Row("", text("… and {count:,} more", count=left_out), "", "", ""))
    composite = [number for number, row in enumerate(rows) if row.composite]
    sums = totals(network, sample, batch)
    title = f"{source.name}: {network.shapes_in_words}"
    return (
        title_html(visible(title))
        + table_html(
            list(map(translate, HEADINGS)),
            ([visible(cell) for cell in row.cells] for row in rows),
            left=(1, 2),
            bold=composite,
        )
        + table_html(("", ""), sums.items(), left=(0, 1))
    )
