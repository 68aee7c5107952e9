"""`nn.Anything`: torch's own classes by their own names. Only a net that asks for one pays for torch's import."""

from __future__ import annotations

import importlib

from netdsl.checker.context import Context
from netdsl.components import Layer
from netdsl.source import Span


def module_layer(name: str, span: Span, context: Context) -> Layer | None:
    """The layer that `nn.Hardshrink` means; None for other names, and for a class torch does not have (noted)."""
    if not name.startswith("nn."):
        return None
    meta = importlib.import_module("netdsl.meta")
    layer: Layer | None = meta.torch_layer(name)
    if layer is None:
        known = {f"nn.{known}" for known in meta.torch_layer_names()}
        context.unknown("NET101", "layer", name, span, known, "the names are those of `torch.nn`")
    elif not any(diagnostic.code == "NET990" for diagnostic in context.diagnostics):
        message = f"`{name}` is checked by running it in torch, whose import takes seconds"
        context.error("NET990", message, span)
    return layer
