"""Layers that plugins write in the language: each is a block of a `.net` file."""

from __future__ import annotations

from dataclasses import replace

from netdsl.checker.context import Context
from netdsl.checker.names.definitions import Library
from netdsl.checker.names.scope import Block
from netdsl.components import Layer
from netdsl.language.block_signatures import read_net_file


def shipped_block(layer: Layer, context: Context) -> Block | None:
    """The block of a layer that is written in the language; None for other layers."""
    if layer.file is None:
        return None
    if layer.file not in context.expansion.net_layers:
        context.expansion.net_layers[layer.file] = dict(Library(context).blocks(read_net_file(layer.file)))
    blocks = context.expansion.net_layers[layer.file]
    block = blocks.get(layer.name)
    if isinstance(block, Block) and block.traits is not layer.traits:
        # The copy is kept, because blocks are compared by identity.
        block = blocks[layer.name] = replace(block, traits=layer.traits)
    return block if isinstance(block, Block) else None
