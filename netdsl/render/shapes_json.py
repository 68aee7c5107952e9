"""A checked network in the form that other tools read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping

from netdsl.core.sizes import Dim
from netdsl.program import Network, Node, OpenSizes

MOST_REMEMBERED = 4096
"""Texts of layers that are kept for their copies: more than any body has layers, and little memory."""


def shapes_json(network: Network, name: str) -> str:
    """The net with its layers in the order of the text; a size that may vary is a string.

    Where the input leaves sizes open, `fits` has an entry for each symbol, or for several that share a condition. A
    size n fits where it lies in one of the `intervals` (first and last size), or where `repeats` is given, n is at
    least its `from`, and (n - `from`) modulo `period` lies in one of its `intervals`. `searched` is the largest size
    that was tried, where nothing is known beyond; null where the set is exact. Of several symbols, `equal` says
    that the set is that of equal sizes alone, and `conditions` has everything that must hold.

    Where the file names them, `inputs` and `outputs` have the shape of each by its name. A layer that stands below a
    `from` has the label of what it receives as its `from`. The layer `again` has the path of the module that it uses
    once more, and no parameters.
    """
    return "".join(write_shapes(network, name))


def write_shapes(network: Network, name: str) -> Iterator[str]:
    """The same, piece by piece: a net of a hundred thousand layers is a text of many megabytes."""
    record = {
        "file": name,
        "input": _shape(network.input),
        "output": _shape(network.out),
        **({"inputs": {one.name: _shape(one.shape) for one in network.inputs}} if network.inputs else {}),
        **({"outputs": {one.name: _shape(one.shape) for one in network.outputs}} if network.outputs else {}),
        "params": network.params,
        "trainable": network.params,
        "macs": _size(network.macs),
        **({"fits": [_open_sizes(one) for one in network.open_sizes]} if network.open_sizes else {}),
    }
    yield json.dumps(record, indent=2).removesuffix("\n}") + ',\n  "layers": ['
    written: dict[int, str] = {}
    between = "\n"
    for path, node in network.places():
        # Copies are told apart by their paths alone.
        layer = written.get(id(node))
        if layer is None:
            if len(written) >= MOST_REMEMBERED:
                written.clear()
            layer = written[id(node)] = _indented(_layer(node))
        yield f'{between}    {{\n      "path": {json.dumps(path)},\n      {layer}'
        between = ",\n"
    yield ("" if between == "\n" else "\n  ") + "]\n}\n"


def _indented(layer: Mapping[str, object]) -> str:
    """What follows the path in the text of a layer."""
    return json.dumps(layer, indent=2).removeprefix("{\n  ").replace("\n", "\n    ")


def _open_sizes(sizes: OpenSizes) -> dict[str, object]:
    fit = sizes.fit
    return {
        "symbols": list(sizes.symbols),
        "intervals": [list(interval) for interval in fit.intervals],
        "repeats": {"from": fit.start, "period": fit.period, "intervals": [list(one) for one in fit.repeats]}
        if fit.repeats
        else None,
        "searched": fit.searched,
        "equal": sizes.equal,
        "conditions": list(sizes.conditions),
    }


def _layer(node: Node) -> dict[str, object]:
    """A layer without its path."""
    place = node.span.position
    return {
        "layer": node.name,
        "module": node.call.dotted,
        "args": _value(node.call.arguments),
        "line": place.line,
        "column": place.column,
        **({"from": node.start} if node.start else {}),
        "in": _shape(node.input),
        "out": _shape(node.out),
        "params": node.params,
        "macs": _size(node.macs),
        "depth": node.depth,
    }


def _shape(shape: Iterable[Dim]) -> list[int | str]:
    return [_size(dim) for dim in shape]


def _size(dim: Dim) -> int | str:
    return dim if isinstance(dim, int) else str(dim)


def _value(value: object) -> object:
    """An argument as JSON has it; what JSON lacks (infinity, a dtype) becomes a string."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(name): _value(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_value(inner) for inner in value]
    return str(value)
