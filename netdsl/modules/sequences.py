"""Modules on sequences, (N, T, F): recurrent nets and attention that return their outputs alone, positions, tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from netdsl.modules.composites import Skips
from netdsl.modules.filled_up import hidden_steps, real_steps


# It stands before one of torch's three recurrent nets, whose `forward` it calls.
class Recurrent(nn.RNNBase):
    """What recurrent nets share: they return their outputs alone, and may carry their state from batch to batch.

    Attributes:
        carries: whether a batch begins with the state that the batch before it ended with, sample by sample.
        state: that state, without its gradient; None where the next batch begins with zeros.
    """

    carries = False
    state: Any = None
    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """The output at every step, from a state of zeros or the one that is carried."""
        steps = real_steps(x, skips)
        output: Tensor
        # Forwards, no step sees those behind it.
        if steps is None or not self.bidirectional:
            output, state = super().forward(x, self._begin(x))
            self._end(state)
            return output
        # The way back begins at the end of each sample; the lengths are read on the CPU, as torch wants them.
        lengths, whole = steps.sum(1).cpu(), x.shape[1]
        packed = pack_padded_sequence(x, lengths, True, enforce_sorted=False)
        output, _ = pad_packed_sequence(super().forward(packed)[0], True, 0.0, whole)
        return output

    def _begin(self, x: Tensor) -> Any:
        """The state that a batch begins with; one of fewer samples is that of the first ones."""
        if not self.carries or self.state is None:
            return None
        first = self.state[0] if isinstance(self.state, tuple) else self.state
        if first.shape[1] < len(x):  # another batch altogether
            return None
        return _map_state(lambda part: part[:, : len(x)], self.state)

    def _end(self, state: Any) -> None:
        if self.carries:
            self.state = _map_state(Tensor.detach, state)


def _map_state(function: Callable[[Tensor], Tensor], state: Any) -> Any:
    """The state of an lstm is a pair of tensors, that of the others is one."""
    return tuple(map(function, state)) if isinstance(state, tuple) else function(state)


class LSTM(Recurrent, nn.LSTM):  # type: ignore[misc]  # the state stays inside
    """`nn.LSTM` that returns its outputs alone: (N, T, F) -> (N, T, directions·H)."""

    def __init__(self, input_size: int, hidden_size: int, **settings: Any) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, **settings)


class GRU(Recurrent, nn.GRU):  # type: ignore[misc]  # the state stays inside
    """`nn.GRU` that returns its outputs alone: (N, T, F) -> (N, T, directions·H)."""

    def __init__(self, input_size: int, hidden_size: int, **settings: Any) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, **settings)


class RNN(Recurrent, nn.RNN):  # type: ignore[misc]  # the state stays inside
    """`nn.RNN` that returns its outputs alone: (N, T, F) -> (N, T, directions·H)."""

    def __init__(self, input_size: int, hidden_size: int, **settings: Any) -> None:
        super().__init__(input_size, hidden_size, batch_first=True, **settings)


class SelfAttention(nn.MultiheadAttention):
    """`nn.MultiheadAttention` of a sequence with itself: (N, T, E) -> (N, T, E).

    `causal` lets a step see itself and those before it.
    Source: Vaswani et al., "Attention Is All You Need", 2017.
    """

    takes_skips = True

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        causal: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(embed_dim, num_heads, batch_first=True, **settings)
        self.causal = causal

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:  # type: ignore[override]  # key = value = query
        """Mixes the steps of each sequence; none takes of those behind its end."""
        # torch's fast attention makes no weights
        return self._attend(x, need_weights=False, hidden=hidden_steps(x, skips))[0]

    def weigh(self, x: Tensor) -> Tensor:
        """How much each step takes of each: (N, heads, T, T), of which each row adds up to 1."""
        weights = self._attend(x, need_weights=True, average_attn_weights=False)[1]
        assert weights is not None  # they were asked for
        return weights

    def _attend(
        self,
        x: Tensor,
        *,
        need_weights: bool,
        average_attn_weights: bool = True,
        hidden: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        mask = _causal_mask(x) if self.causal else None
        # the hint would hide the keys that `add_bias_kv` and `add_zero_attn` append
        hint = self.causal and self.bias_k is None and not self.add_zero_attn
        return super().forward(
            x,
            x,
            x,
            key_padding_mask=hidden,
            need_weights=need_weights,
            attn_mask=mask,
            average_attn_weights=average_attn_weights,
            is_causal=hint,
        )


class CausalTransformerEncoderLayer(nn.TransformerEncoderLayer):
    """`nn.TransformerEncoderLayer` in which no step sees those that follow it, nor those behind its sample's end."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:  # type: ignore[override]  # makes the mask
        """Mixes the steps of each sequence, then transforms each."""
        hidden = hidden_steps(x, skips)
        return super().forward(x, _causal_mask(x), hidden, is_causal=True)


class PaddedTransformerEncoderLayer(nn.TransformerEncoderLayer):
    """`nn.TransformerEncoderLayer` in which no step sees those behind its sample's end."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:  # type: ignore[override]  # makes the mask
        """Mixes the steps of each sequence, then transforms each."""
        return super().forward(x, src_key_padding_mask=hidden_steps(x, skips))


def _causal_mask(x: Tensor) -> Tensor:
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

    takes_skips = True

    def __init__(self, bidirectional: bool = False) -> None:
        super().__init__()
        self.bidirectional = bidirectional

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Picks from a batch, of samples that are filled up the step at their own end."""
        steps = real_steps(x, skips)
        last = x[:, -1]
        if steps is not None:
            # With `gather`, since a program that is exported keeps no size of a batch.
            ends = (steps.sum(1) - 1).view(-1, 1, 1).expand(-1, 1, x.shape[2])
            last = x.gather(1, ends).squeeze(1)
        if not self.bidirectional:
            return last
        half = x.shape[2] // 2
        return torch.cat([last[:, :half], x[:, 0, half:]], dim=1)

    def extra_repr(self) -> str:
        """The arguments."""
        return "bidirectional=True" if self.bidirectional else ""


class Mean(nn.Module):
    """The mean over some dimensions, as `torch.mean` has it; of the steps of samples that are filled up, their own."""

    takes_skips = True

    def __init__(self, dim: int | tuple[int, ...], keepdim: bool = False) -> None:
        super().__init__()
        self.dim = dim
        self.keepdim = keepdim

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Averages a batch."""
        steps = real_steps(x, skips) if self.dim in (1, (1,)) and x.dim() == 3 else None
        if steps is None:
            return x.mean(self.dim, self.keepdim)
        weights = steps.to(x.dtype) / steps.sum(1, keepdim=True)
        return (x * weights.unsqueeze(2)).sum(1, self.keepdim)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"dim={self.dim}, keepdim={self.keepdim}"


class Max(nn.Module):
    """The largest value over some dimensions, as `torch.amax` has it; of filled up samples, over their own steps."""

    takes_skips = True

    def __init__(self, dim: int | tuple[int, ...], keepdim: bool = False) -> None:
        super().__init__()
        self.dim = dim
        self.keepdim = keepdim

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """The maxima of a batch."""
        steps = real_steps(x, skips) if self.dim in (1, (1,)) and x.dim() == 3 else None
        if steps is not None:
            x = x.masked_fill(~steps.unsqueeze(2), float("-inf"))
        return x.amax(self.dim, self.keepdim)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"dim={self.dim}, keepdim={self.keepdim}"
