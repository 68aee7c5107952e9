"""The embedding that a net begins with, against the indices that the data hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

from netdsl.checker.context import Context
from netdsl.core.diagnostics import Code, Edit, Fix
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.program import Network, Node

TOO_FEW_ENTRIES = Code(
    "NET314",
    title="an embedding with fewer entries than the data have indices",
    meaning=(
        "An embedding has a vector for each index from 0 up to its first number. Each token of a text needs one; a "
        "larger embedding is allowed."
    ),
    example="data text python_docs vocab=64\nembedding 10->8\nlinear 64",
    instead="data text python_docs vocab=64\nembedding 64->8\nlinear 64",
)


def check_entries(network: Network, indices: Mapping[str, int], context: Context) -> None:
    """Checks that the embedding of each input has an entry for each of its indices."""
    for name, table in find_tables(network).items():
        wanted = indices.get(name) if name in indices else indices.get("")
        if wanted is not None and table.call.arguments["num_embeddings"] < wanted:
            _report(table, wanted, name, context)


def _report(table: Node, indices: int, name: str, context: Context) -> None:
    count = table.call.arguments["num_embeddings"]
    if name:
        message = text(
            "the embedding has {count} entries, but the input `{input}` has {indices} indices, counted from 0",
            count=count,
            input=name,
            indices=indices,
        )
    else:
        message = text(
            "the embedding has {count} entries, but the data has {indices} tokens, counted from 0",
            count=count,
            indices=indices,
        )
    found = re.search(rf"(?<=\s){count}(?=->)", table.span.text)
    fix = None
    if found is not None:
        span = Span(table.span.source, table.span.start + found.start(), table.span.start + found.end())
        fix = Fix(
            text("write `{count}->{width}`", count=indices, width=table.call.arguments["embedding_dim"]),
            (Edit(span, str(indices)),),
        )
    advice = None if fix else text("write {indices} in the place of {count}", indices=indices, count=count)
    context.report(TOO_FEW_ENTRIES, message, table.span, help=advice, fix=fix)


def find_tables(network: Network) -> dict[str, Node]:
    """By the name of each input, the first layer that looks its indices up: the only input may have none.

    Tables are known by the arguments of torch's embedding.
    """
    found: dict[str, Node] = {}
    names = {one.name for one in network.inputs}
    current = network.all_inputs[0].name
    for node, _ in network.count_nodes():
        if node.start and names:
            current = node.start
        if _is_table(node) and (not names or current in names):
            found.setdefault(current, node)
    return found


def _is_table(node: Node) -> bool:
    takes_indices = node.layer is not None and node.layer.takes == "index"
    return takes_indices and {"num_embeddings", "embedding_dim"} <= node.call.arguments.keys()
