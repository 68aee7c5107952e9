"""Modules on sequences, (N, T, F): recurrent nets and attention that return their outputs alone, positions, tokens."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class LSTM(nn.LSTM):
    """`nn.LSTM` that returns its outputs alone: (N, T, F) -> (N, T, directions·H)."""

    def __init__(self, input_size: int, hidden_size: int, **settings: Any) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, **settings)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # the states stay inside
        """The output at every step, from a state of zeros."""
        output: Tensor = super().forward(x)[0]
        return output


class GRU(nn.GRU):
    """`nn.GRU` that returns its outputs alone: (N, T, F) -> (N, T, directions·H)."""

    def __init__(self, input_size: int, hidden_size: int, **settings: Any) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, **settings)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # the state stays inside
        """The output at every step, from a state of zeros."""
        output: Tensor = super().forward(x)[0]
        return output


class RNN(nn.RNN):
    """`nn.RNN` that returns its outputs alone: (N, T, F) -> (N, T, directions·H)."""

    def __init__(self, input_size: int, hidden_size: int, **settings: Any) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, **settings)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # the state stays inside
        """The output at every step, from a state of zeros."""
        output: Tensor = super().forward(x)[0]
        return output


class SelfAttention(nn.MultiheadAttention):
    """`nn.MultiheadAttention` of a sequence with itself: (N, T, E) -> (N, T, E).

    `causal` lets a step see itself and those before it.
    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        causal: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(embed_dim, num_heads, batch_first=True, **settings)
        self.causal = causal

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # query, key and value are one
        """Mixes the steps of each sequence."""
        # torch's fast attention makes no weights
        return self._attend(x, need_weights=False)[0]

    def weigh(self, x: Tensor) -> Tensor:
        """How much each step takes of each: (N, heads, T, T), of which each row adds up to 1."""
        weights = self._attend(x, need_weights=True, average_attn_weights=False)[1]
        assert weights is not None  # they were asked for
        return weights

    def _attend(
        self, x: Tensor, *, need_weights: bool, average_attn_weights: bool = True
    ) -> tuple[Tensor, Tensor | None]:
        mask = causal_mask(x) if self.causal else None
        # the hint would hide the keys that `add_bias_kv` and `add_zero_attn` append
        hint = self.causal and self.bias_k is None and not self.add_zero_attn
        return super().forward(
            x,
            x,
            x,
            need_weights=need_weights,
            attn_mask=mask,
            average_attn_weights=average_attn_weights,
            is_causal=hint,
        )


class CausalTransformerEncoderLayer(nn.TransformerEncoderLayer):
    """`nn.TransformerEncoderLayer` in which, if `causal`, no step sees those after it."""

    def __init__(
        self,
        d_model: int,
        nhead: int,
        causal: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(d_model, nhead, **settings)
        self.causal = causal

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]  # the mask is made here
        """Mixes the steps of each sequence, then transforms each."""
        mask = causal_mask(x) if self.causal else None
        return super().forward(x, src_mask=mask, is_causal=self.causal)


def causal_mask(x: Tensor) -> Tensor:
    """What attention adds to each score, T×T: −∞ where a step would see one behind it."""
    make = nn.Transformer.generate_square_subsequent_mask
    return make(x.shape[1], device=x.device, dtype=x.dtype)


class PositionalEmbedding(nn.Module):
    """A learned vector added to each position: (N, T, F) -> (N, T, F).

    Drawn from a normal distribution of deviation 0.02, as in Devlin et al., "BERT", 2018,
    and in the Vision Transformer.
    """

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(length, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the vectors anew."""
        nn.init.trunc_normal_(self.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Adds the positions to a batch."""
        # A text that is written token by token is shorter at first.
        return x + self.weight[: x.shape[1]]

    def extra_repr(self) -> str:
        """The arguments."""
        length, features = self.weight.shape
        return f"length={length}, features={features}"


class ClassToken(nn.Module):
    """A learned vector put before each sequence: (N, T, F) -> (N, T + 1, F).

    Source: Devlin et al., "BERT", 2018; for images Dosovitskiy et al., "An Image is Worth
    16x16 Words", 2020.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the vector anew."""
        nn.init.trunc_normal_(self.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Puts the token before each sequence of a batch."""
        # Under autocast the weight is float32, and `cat` would return float32.
        return torch.cat([self.weight.to(x.dtype).expand(x.shape[0], 1, -1), x], dim=1)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"features={len(self.weight)}"


class Last(nn.Module):
    """The last time step of a sequence: (N, T, F) -> (N, F).

    `bidirectional` takes the second half of the features from the first step: there the reading backwards ends.
    """

    def __init__(self, bidirectional: bool = False) -> None:
        super().__init__()
        self.bidirectional = bidirectional

    def forward(self, x: Tensor) -> Tensor:
        """Picks from a batch."""
        if not self.bidirectional:
            return x[:, -1]
        half = x.shape[2] // 2
        return torch.cat([x[:, -1, :half], x[:, 0, half:]], dim=1)

    def extra_repr(self) -> str:
        """The arguments."""
        return "bidirectional=True" if self.bidirectional else ""


class Mean(nn.Module):
    """The mean over some dimensions, as `torch.mean` has it."""

    def __init__(self, dim: int | tuple[int, ...], keepdim: bool = False) -> None:
        super().__init__()
        self.dim = dim
        self.keepdim = keepdim

    def forward(self, x: Tensor) -> Tensor:
        """Averages a batch."""
        return x.mean(self.dim, self.keepdim)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"dim={self.dim}, keepdim={self.keepdim}"


class Max(nn.Module):
    """The largest value over some dimensions, as `torch.amax` has it."""

    def __init__(self, dim: int | tuple[int, ...], keepdim: bool = False) -> None:
        super().__init__()
        self.dim = dim
        self.keepdim = keepdim

    def forward(self, x: Tensor) -> Tensor:
        """The maxima of a batch."""
        return x.amax(self.dim, self.keepdim)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"dim={self.dim}, keepdim={self.keepdim}"
