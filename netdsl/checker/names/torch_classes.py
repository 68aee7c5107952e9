"""`nn.Anything` and `v2.Anything`: torch's and torchvision's own classes by their own names.

torch is imported only for a file that uses one.
"""

from __future__ import annotations

from collections.abc import Collection

from netdsl.checker.context import Context
from netdsl.checker.names.codes import UNKNOWN_LAYER
from netdsl.components import Layer, Transform
from netdsl.core.diagnostics import Code
from netdsl.core.source import Span
from netdsl.core.text import text

IMPORTS_TORCH = Code(
    "NET990",
    title="a check that imports torch",
    meaning=(
        "The layer has a name of torch.nn for which the checker has no rule. It is checked by running it in "
        "torch without data, whose import takes a few seconds."
    ),
    example="input 8\nnn.Hardshrink lambd=0.3",
    instead="input 8\nhardshrink lambd=0.3",
)


def module_layer(name: str, span: Span, context: Context) -> Layer | None:
    """The layer that `nn.Hardshrink` names, or surely means (a misspelling is reported); None for other names."""
    if not name.startswith("nn."):
        return None
    torch = context.registry.torch
    layer = torch.layer(name)
    if layer is None:
        advice = "the names are those of `torch.nn`"
        near = context.report.unknown(
            UNKNOWN_LAYER, text(Layer.unknown, name=name), name, span, torch.layer_names(), advice
        )
        layer = torch.layer(near) if near else None
    if layer is not None:
        _note(layer.name, span, context)
    return layer


def note_cost(layer: Layer, span: Span, context: Context) -> None:
    """Reports, once, that a plugin's layer without a rule is checked in torch."""
    # A layer with a file is a block, and the checker knows the bodies of a composite: neither needs torch.
    if layer.is_lazy and layer.file is None and not layer.is_composite:
        _note(layer.name, span, context)


def _note(name: str, span: Span, context: Context) -> None:
    if not any(diagnostic.code == IMPORTS_TORCH for diagnostic in context.report.diagnostics):
        context.report(
            IMPORTS_TORCH,
            text("`{name}` is checked by running it in torch, whose import takes seconds", name=name),
            span,
        )


def foreign_transform(name: str, span: Span, context: Context) -> Transform | None:
    """The transform that `v2.GaussianBlur` names; None for other names, and for those that torchvision lacks."""
    if not name.startswith("v2."):
        return None
    transform = context.registry.torch.transform(name)
    if transform is not None and not any(diagnostic.code == IMPORTS_TORCH for diagnostic in context.report.diagnostics):
        message = text("`{name}` is checked by running it in torchvision, whose import takes seconds", name=name)
        context.report(IMPORTS_TORCH, message, span)
    return transform


def foreign_names(name: str, context: Context) -> Collection[str]:
    """The names that a name with `v2.` may mean."""
    return context.registry.torch.transform_names() if name.startswith("v2.") else ()
