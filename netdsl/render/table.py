"""The table that `netdsl shapes` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netdsl.analysis.memory import activation_bytes, weight_bytes
from netdsl.core.source import Source
from netdsl.core.text import ntext, text
from netdsl.core.translation import translate
from netdsl.program import Network
from netdsl.render.cells import Paint, crop, left, painter, right, visible, width
from netdsl.render.rows import INDENT, Row, Sample, TableRows

HEADINGS = ("line", "layer", "output", "parameters", "multiply-adds")
GAP = "  "
WIDE_OUTPUT, WIDEST_MACS = 22, 21
NARROWEST_LAYER = 6
UNITS = (("kB", 10**3), ("MB", 10**6), ("GB", 10**9), ("TB", 10**12))


def shapes_table(
    network: Network,
    source: Source,
    *,
    batch: int = 64,
    explain: bool = False,
    full: bool = False,
    depth: int | None = None,
    color: bool = False,
    columns: int = 80,
) -> str:
    """Each layer with its line in `source`, its output, parameters and multiply-adds, and the totals below.

    What `repeat` wrote out stands once with its number, unless `full`; layers of blocks from other files have no line
    number. Only `depth` levels of nesting are shown. Statements are cropped to keep lines within `columns`.
    """
    lines = write_table(
        network, source, batch=batch, explain=explain, full=full, depth=depth, color=color, columns=columns
    )
    return "".join(lines)


def write_table(
    network: Network,
    source: Source,
    *,
    batch: int,
    explain: bool,
    full: bool,
    depth: int | None,
    color: bool,
    columns: int,
) -> Iterator[str]:
    """The same, line by line: written out, a net may have a hundred thousand layers."""
    paint, sample = painter(color), Sample.of(network)
    rows = TableRows(source, sample, full, depth)
    # The rows are made twice, for their widths and to be written: no list of them all is kept.
    headings = list(map(translate, HEADINGS))
    widths = _widths(headings, rows.of(network.nodes), columns)
    heading = f"{source.name}: {network.shapes_in_words}"
    yield f"{paint(crop(heading, columns), bold=True)}\n\n{paint(_line(headings, widths), underline=True)}\n"
    written: dict[Row, str] = {}
    for row in rows.of(network.nodes):
        if row not in written:
            written[row] = "".join(f"{line}\n" for line in _lines(row, widths, explain, paint))
        yield written[row]
    yield "\n"
    for name, total in totals(network, sample, batch).items():
        yield f"{paint(left(name, 13), fg='blue')}  {total}\n"


def format_bytes(count: int) -> str:
    """`582.3 kB`, in powers of a thousand, as `budget memory<=` counts."""
    if count < 1000:
        return ntext("{count} byte", "{count} bytes", count=count)
    # From there on the number would be rounded to 1,000.0 of the smaller unit.
    unit, power = next((pair for pair in UNITS if count < 999.95 * pair[1]), UNITS[-1])
    return f"{count / power:,.1f} {unit}"


def _widths(headings: Sequence[str], rows: Iterable[Row], columns: int) -> list[int]:
    """The width of each column: what it needs; layer and output share what the others leave."""
    needed, seen = list(map(width, headings)), set[Row]()
    for row in rows:
        # A row that comes again needs no more.
        if row not in seen:
            seen.add(row)
            needed = [max(most, width(cell)) for most, cell in zip(needed, row.cells, strict=True)]
    line, layer, out, params, macs = needed
    # A formula over symbols may be longer than the screen.
    macs = min(macs, WIDEST_MACS)
    room = columns - (line + params + macs + len(GAP) * (len(HEADINGS) - 1))
    out = min(out, max(WIDE_OUTPUT, room - layer))
    return [line, min(layer, max(room - out, NARROWEST_LAYER)), out, params, macs]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    line, layer, out, params, macs = (crop(cell, room) for cell, room in zip(cells, widths, strict=True))
    aligned = (right(line, widths[0]), left(layer, widths[1]), left(out, widths[2]))
    return GAP.join((*aligned, right(params, widths[3]), right(macs, widths[4])))


def _lines(row: Row, widths: Sequence[int], explain: bool, paint: Paint) -> Iterator[str]:
    yield paint(_line(row.cells, widths), bold=True) if row.composite else _line(row.cells, widths)
    if explain:
        margin = " " * (widths[0] + len(GAP) + len(row.layer) - len(row.layer.lstrip())) + INDENT
        yield from (paint(margin + visible(line), fg="cyan") for line in row.arithmetic)


def totals(network: Network, sample: Sample, batch: int) -> dict[str, str]:
    """What a net comes to, each under its heading: the sizes that fit, parameters, multiply-adds, memory."""
    found: dict[str, str] = {
        text("parameters"): f"{network.params:,}",
        text("multiply-adds"): _macs(network, sample),
        text("memory"): _memory(network, sample, batch),
    }
    return {text("fits"): _fits(network, sample), **found} if network.fits else found


def _fits(network: Network, sample: Sample) -> str:
    if not sample.shape:
        return network.fits or ""
    return text("{sizes}, such as {example}", sizes=network.fits, example=sample.shape)


def _macs(network: Network, sample: Sample) -> str:
    count = sample.size(network.macs)
    if not sample.shape:
        return text("{macs} for one sample", macs=count)
    return text("{macs} for one {sample}", macs=count, sample=sample.shape)


def _memory(network: Network, sample: Sample, batch: int) -> str:
    weights, activations = format_bytes(weight_bytes(network)), sample.number(activation_bytes(network))
    if activations is None:
        return text("{weights} of weights (fp32)", weights=weights)
    return text(
        "{weights} of weights, {activations} of activations (fp32, batch of {batch:,})",
        weights=weights,
        activations=format_bytes(batch * activations),
        batch=batch,
    )
