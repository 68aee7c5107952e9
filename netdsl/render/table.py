"""The table that `netdsl shapes` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from netdsl.memory import activation_bytes, weight_bytes
from netdsl.network import Network, Node
from netdsl.render.cells import Paint, crop, left, painter, right, visible, width
from netdsl.render.folding import fold
from netdsl.sizes import Dim, Expr, evaluate, format_shape, symbols

HEADINGS = ("line", "layer", "output", "parameters", "multiply-adds")
GAP = "  "
INDENT = "  "
WIDEST_OUTPUT, WIDEST_MACS = 22, 21
NARROWEST_LAYER = 6
UNITS = (("kB", 10**3), ("MB", 10**6), ("GB", 10**9), ("TB", 10**12))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, and the arithmetic that `--explain` puts below it."""

    line: str
    layer: str
    out: str
    params: str
    macs: str
    composite: bool = False
    arithmetic: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """The columns in the order of the headings."""
        return self.line, self.layer, self.out, self.params, self.macs


@dataclass(frozen=True, slots=True)
class Sample:
    """The sizes at which formulas over symbols are worked out; none where they stay formulas."""

    shape: tuple[int, ...] = ()
    values: Mapping[str, int] | None = None

    def size(self, dim: Dim) -> str:
        """`2,457,600`, or the formula."""
        known = isinstance(dim, int) or self.values is not None
        return f"{evaluate(dim, self.values or {}):,}" if known else str(dim)


def shapes_table(
    network: Network,
    name: str,
    *,
    batch: int = 64,
    explain: bool = False,
    full: bool = False,
    color: bool = False,
    columns: int = 80,
) -> str:
    """Each layer with its line, output, parameters and multiply-adds, and the totals below.

    Layers that `repeat` wrote out stand once with their number, unless `full`. No line is longer than `columns`,
    except that of an unusually long formula.
    """
    paint, sample = painter(color), _sample(network)
    rows = list(_rows(network.nodes, sample, full))
    widths = _widths(rows, columns)
    lines = [
        paint(crop(f"{name}: {format_shape(network.input)} -> {format_shape(network.out)}", columns), bold=True),
        "",
        paint(_line(HEADINGS, widths), underline=True),
        *(line for row in rows for line in _lines(row, widths, explain, paint)),
        "",
        *_totals(network, sample, batch, paint),
    ]
    return "\n".join(lines) + "\n"


def format_bytes(count: int) -> str:
    """`582.3 kB`, in powers of a thousand, as `budget memory<=` counts."""
    if count < 1000:
        return f"{count} bytes"
    unit, power = next((pair for pair in UNITS if count < 999.95 * pair[1]), UNITS[-1])
    return f"{count / power:,.1f} {unit}"


def _sample(network: Network) -> Sample:
    """One input that fits, where the net's own input leaves sizes open."""
    if network.example is None or not symbols(network.input):
        return Sample()
    pairs = zip(network.input, network.example, strict=True)
    values = {name: size for dim, size in pairs if isinstance(dim, Expr) for name in dim.symbols if str(dim) == name}
    inside = (dim for node in network.walk() for dim in (*node.out, node.macs))
    return Sample(network.example, values) if symbols(inside) <= values.keys() else Sample()


def _rows(nodes: Sequence[Node], sample: Sample, full: bool) -> Iterator[Row]:
    for stretch, times in [((node,), 1) for node in nodes] if full else fold(nodes):
        if times > 1:
            yield from _rows(stretch, sample, full)
            yield _repetition(stretch, times - 1, sample)
            continue
        for node in stretch:
            yield _row(node, sample)
            yield from _rows(node.children, sample, full)


def _row(node: Node, sample: Sample) -> Row:
    written = " ".join(node.written.split()) or node.name
    return Row(
        line=str(node.span.position.line),
        layer=INDENT * node.depth + written,
        out=format_shape(node.out),
        params=_count(node.params, sample),
        macs=_count(node.macs, sample),
        composite=bool(node.children),
        arithmetic=tuple(dict.fromkeys(node.formula)),
    )


def _repetition(stretch: Sequence[Node], times: int, sample: Sample) -> Row:
    """What the further repetitions come to together."""
    macs: Dim = 0
    for node in stretch:
        macs = macs + node.macs
    which = f"{times} more" if len(stretch) == 1 else f"{times} more of these {len(stretch)}"
    return Row(
        line="",
        layer=f"{INDENT * stretch[0].depth}… {which}",
        out=format_shape(stretch[-1].out),
        params=_count(times * sum(node.params for node in stretch), sample),
        macs=_count(times * macs, sample),
    )


def _count(dim: Dim, sample: Sample) -> str:
    return "-" if isinstance(dim, int) and dim == 0 else sample.size(dim)


def _widths(rows: Sequence[Row], columns: int) -> list[int]:
    """The width of each column: what it needs, the layer's cut to what the others leave."""
    table = [HEADINGS, *(row.cells for row in rows)]
    line, layer, out, params, macs = (max(map(width, column)) for column in zip(*table, strict=True))
    out, macs = min(out, WIDEST_OUTPUT), min(macs, WIDEST_MACS)
    room = columns - (line + out + params + macs + len(GAP) * (len(HEADINGS) - 1))
    return [line, min(layer, max(room, NARROWEST_LAYER)), out, params, macs]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    line, layer, out, params, macs = (crop(cell, room) for cell, room in zip(cells, widths, strict=True))
    aligned = (right(line, widths[0]), left(layer, widths[1]), left(out, widths[2]))
    return GAP.join((*aligned, right(params, widths[3]), right(macs, widths[4])))


def _lines(row: Row, widths: Sequence[int], explain: bool, paint: Paint) -> Iterator[str]:
    yield paint(_line(row.cells, widths), bold=True) if row.composite else _line(row.cells, widths)
    if explain:
        margin = " " * (widths[0] + len(GAP) + len(row.layer) - len(row.layer.lstrip())) + INDENT
        yield from (paint(margin + visible(line), fg="cyan") for line in row.arithmetic)


def _totals(network: Network, sample: Sample, batch: int, paint: Paint) -> Iterator[str]:
    one = f"one {format_shape(sample.shape)}" if sample.shape else "one sample"
    totals = {
        "fits": f"{network.fits}{f', such as {format_shape(sample.shape)}' if sample.shape else ''}",
        "parameters": f"{network.params:,}",
        "multiply-adds": f"{sample.size(network.macs)} for {one}",
        "memory": _memory(network, sample, batch),
    }
    for heading, total in totals.items():
        if heading != "fits" or network.fits:
            yield f"{paint(left(heading, 13), fg='blue')}  {total}"


def _memory(network: Network, sample: Sample, batch: int) -> str:
    weights, activations = format_bytes(weight_bytes(network)), activation_bytes(network)
    if not isinstance(activations, int) and sample.values is None:
        return f"{weights} of weights (fp32)"
    needed = batch * evaluate(activations, sample.values or {})
    return f"{weights} of weights, {format_bytes(needed)} of activations (fp32, batch of {batch:,})"
