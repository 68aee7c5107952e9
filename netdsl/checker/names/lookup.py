"""The block or the layer that a statement names."""

from __future__ import annotations

from netdsl.checker.arguments.values import INVALID
from netdsl.checker.context import Context
from netdsl.checker.names.codes import UNKNOWN_LAYER
from netdsl.checker.names.net_layers import shipped_block
from netdsl.checker.names.scope import Block, Scope, Word
from netdsl.checker.names.torch_classes import module_layer, note_cost
from netdsl.components import Layer
from netdsl.core.source import Span
from netdsl.core.suggestions import SURE, nearest
from netdsl.core.text import text
from netdsl.language.statements import STATEMENTS
from netdsl.language.syntax import Statement


def lookup(statement: Statement, scope: Scope, context: Context) -> Block | Layer | None:
    """The block or the layer that a statement names, or surely means. If it is unknown, reports that and returns None.

    A variable may hold the name. A name that a lost definition may have defined is not reported.
    """
    named = scope.lookup(statement.name.text)
    # The lost value is reported already.
    if named is INVALID:
        return None
    span = (named.span if isinstance(named, Word) else None) or statement.name.span
    name = str(named) if isinstance(named, str) else statement.name.text
    return _component(name, span, scope, context) or _meant(name, span, scope, context)


def _component(name: str, span: Span, scope: Scope, context: Context) -> Block | Layer | None:
    # A file's own block wins over a plugin's layer of the same name, which may be newer.
    block = scope.block(name)
    if block is not None:
        return block
    layer = context.registry.layers.get(name) or module_layer(name, span, context)
    if layer is None:
        return None
    block = shipped_block(layer, context)
    if block is not None:
        return block
    note_cost(layer, span, context)
    return layer


def _meant(name: str, span: Span, scope: Scope, context: Context) -> Block | Layer | None:
    """The block or the layer that a misspelt name surely means."""
    known = {*context.registry.layers, *scope.names(), *STATEMENTS}
    # `nn.` names are reported by the lookup in torch. Other names may be defined in an unreadable file.
    if name.startswith("nn.") or (context.assumptions.incomplete and not nearest(name, known, SURE)):
        return None
    near = context.report.unknown(
        UNKNOWN_LAYER,
        text(Layer.unknown, name=name),
        name,
        span,
        known,
        "`netdsl layers` lists them all",
        kind=Layer,
    )
    return _component(near, span, scope, context) if near else None
