"""A net as a table in Markdown."""

from __future__ import annotations

from netdsl.core.sizes import format_shape
from netdsl.program import Network


def export(network: Network, title: str) -> str:
    """A row a layer: where it stands, what was written, what comes out."""
    rows = [f"| {node.path} | `{node.written}` | {format_shape(node.out)} |" for node in network.walk()]
    return "\n".join([f"# {title}", "", "| path | layer | output |", "|---|---|---|", *rows]) + "\n"
