"""Modules that look at a labelled output besides their input: `module(x, skips)`, both (N, T, F)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from netdsl.modules.composites import Composite, Skips


class CrossAttention(Composite, nn.MultiheadAttention):
    """`nn.MultiheadAttention` whose keys and values come from a labelled output: (N, T, E) -> (N, T, E).

    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """

    def __init__(self, embed_dim: int, num_heads: int, takes: Sequence[str], **settings: Any) -> None:
        super().__init__(embed_dim, num_heads, batch_first=True, **settings)
        self.takes = tuple(takes)

    def forward(self, x: Tensor, skips: Skips) -> Tensor:  # type: ignore[override]  # keys and values have a label
        """Gathers for each step from the steps of the other sequence."""
        memory = skips[self.takes[0]]
        output: Tensor = super().forward(x, memory, memory, need_weights=False)[0]
        return output


class DecoderLayer(Composite, nn.TransformerDecoderLayer):
    """`nn.TransformerDecoderLayer` whose memory is a labelled output; `causal`: no step sees those that follow it."""

    def __init__(self, d_model: int, nhead: int, takes: Sequence[str], causal: bool = True, **settings: Any) -> None:
        super().__init__(d_model, nhead, batch_first=True, **settings)
        self.takes = tuple(takes)
        self.causal = causal

    def forward(self, x: Tensor, skips: Skips) -> Tensor:  # type: ignore[override]  # the memory has a label
        """Mixes the steps of each sequence, gathers from the memory, then transforms each step."""
        make = nn.Transformer.generate_square_subsequent_mask
        mask = make(x.shape[1], device=x.device, dtype=x.dtype) if self.causal else None
        return super().forward(x, skips[self.takes[0]], tgt_mask=mask, tgt_is_causal=self.causal)
