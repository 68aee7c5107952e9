"""Statements that mean the same wherever they stand: they name their layer, and all else in them is a number."""

from __future__ import annotations

from netdsl.components import Layer
from netdsl.language.syntax import Flow, Item, Number, Setting, Short, Size, Statement, String

LITERAL = (Number, Size, String)


def names_nothing(statement: Statement, layer: Layer) -> bool:
    """Whether no variable, no label and no hole can have a say in what a statement means."""
    return _is_literal_flow(statement.flow) and all(_is_literal(item, layer) for item in statement.items)


def _is_literal_flow(flow: Flow | None) -> bool:
    return flow is None or (isinstance(flow.right, Number) and (flow.left is None or isinstance(flow.left, Number)))


def _is_literal(item: Item, layer: Layer) -> bool:
    if isinstance(item, Short):
        # A letter that the layer does not know may be a variable's name: `e3`.
        return isinstance(item.value, LITERAL) and layer.resolve(item.letter) is not None
    return isinstance(item.value if isinstance(item, Setting) else item, LITERAL)
