"""Statements with the same meaning at every place: besides the layer's name they have only numbers."""

from __future__ import annotations

from netdsl.components import Layer
from netdsl.language.syntax import Flow, Item, Number, Setting, Short, Size, Statement, String

LITERAL = (Number, Size, String)


def names_nothing(statement: Statement, layer: Layer) -> bool:
    """Whether the meaning of a statement depends on no variable, no label and no `?`."""
    return _is_literal_flow(statement.flow) and all(_is_literal(item, layer) for item in statement.items)


def _is_literal_flow(flow: Flow | None) -> bool:
    return flow is None or (isinstance(flow.right, Number) and (flow.left is None or isinstance(flow.left, Number)))


def _is_literal(item: Item, layer: Layer) -> bool:
    if isinstance(item, Short):
        # A letter that is not a short of the layer may be a variable: `e3`.
        return isinstance(item.value, LITERAL) and layer.resolve(item.letter) is not None
    return isinstance(item.value if isinstance(item, Setting) else item, LITERAL)
