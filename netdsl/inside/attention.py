"""What attends to what: the weights that torch's attention does not hand out by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from netdsl.modules.sequences import SelfAttention


def note_attention(
    found: dict[str, Tensor],
    path: str,
    module: nn.MultiheadAttention,
    inputs: tuple[Any, ...],
    named: Mapping[str, Any],
    _output: object,
) -> None:
    """A hook: computes the weights of the first sample once more, for a module asked for its output makes none."""
    weights: Tensor | None
    if isinstance(module, SelfAttention):
        weights = module.weigh(*inputs, **named)
    else:
        asked = {**named, "need_weights": True, "average_attn_weights": False}
        # Not `module(…)`, which would call this hook.
        weights = nn.MultiheadAttention.forward(module, *inputs, **asked)[1]
    if weights is not None:
        found[path] = weights[0].detach().cpu()
