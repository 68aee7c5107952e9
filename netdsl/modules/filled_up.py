"""Samples of different lengths in one batch: the shorter ones are filled up with zeros, which no layer may see.

Which steps are a sample's own travels down the calls as labelled outputs do, under a label that no text can write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, cat, nn, where, zeros_like
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from netdsl.modules.composites import MultiInput, Skipping, Skips
from netdsl.modules.memory import CrossAttention, DecoderLayer
from netdsl.modules.sequences import (
    GRU,
    LSTM,
    RNN,
    CausalTransformerEncoderLayer,
    Last,
    Max,
    Mean,
    SelfAttention,
    causal_mask,
)

STEPS = ""


def steps_of(label: str) -> str:
    """The label of the steps of a labelled output."""
    return f" {label}"


class PaddedSkipping(Skipping):
    """A `Skipping` that keeps with each labelled output which of its steps are the samples' own."""

    def _keep(self, label: str, x: Tensor, seen: dict[str, Tensor]) -> None:
        super()._keep(label, x, seen)
        if STEPS in seen:
            seen[steps_of(label)] = seen[STEPS]

    def _go_on(self, label: str, seen: dict[str, Tensor]) -> Tensor:
        steps = seen.get(steps_of(label))
        if steps is None:
            seen.pop(STEPS, None)
        else:
            seen[STEPS] = steps
        return super()._go_on(label, seen)


class Padded(PaddedSkipping):
    """An `nn.Sequential` that is fed with indices N×T, and tells the layers in it which steps are the samples' own.

    The index 0 stands behind the end of a sample, and nowhere else.
    """

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Runs the children in order."""
        return super().forward(x, {**(skips or {}), STEPS: x != 0})


class PaddedMultiInput(MultiInput, PaddedSkipping):
    """A `MultiInput` some of whose inputs, `padded`, are such indices."""

    _padded: tuple[str, ...]

    def __init__(self, *modules: Any, padded: Sequence[str], **wiring: Any) -> None:
        super().__init__(*modules, **wiring)
        self._padded = tuple(padded)

    def _run(self, x: Tensor, seen: dict[str, Tensor]) -> Any:
        seen.update({steps_of(name): seen[name] != 0 for name in self._padded})
        if self._inputs[0] in self._padded:
            seen[STEPS] = seen[steps_of(self._inputs[0])]
        return super()._run(x, seen)


def real_steps(x: Tensor, skips: Skips | None) -> Tensor | None:
    """Which steps of a batch N×T×F are the samples' own, N×T; None where all are, or where steps have been merged."""
    steps = skips.get(STEPS) if skips else None
    return None if steps is None or steps.shape != x.shape[:2] else steps


def hidden_steps(x: Tensor, skips: Skips | None) -> Tensor | None:
    """What attention adds to the score of each step, N×T: −∞ where nothing is to be seen."""
    return _hide(real_steps(x, skips), x)


def hidden_memory(label: str, skips: Skips) -> Tensor | None:
    """The same of a labelled output."""
    memory, steps = skips[label], skips.get(steps_of(label))
    return _hide(None if steps is None or steps.shape != memory.shape[:2] else steps, memory)


def _hide(steps: Tensor | None, x: Tensor) -> Tensor | None:
    if steps is None:
        return None
    # Of the type of the causal mask: torch wants both alike.
    return zeros_like(steps, dtype=x.dtype).masked_fill(~steps, float("-inf"))


class PaddedRecurrent(nn.RNNBase):
    """What a recurrent net does with filled up samples; it stands before one of ours, whose `forward` it calls."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """The output at every step, from a state of zeros."""
        steps = real_steps(x, skips)
        output: Tensor
        # Forwards, no step sees those behind it.
        if steps is None or not self.bidirectional:
            output = super().forward(x)
            return output
        # A program that is exported cannot read the lengths, which packing wants as numbers.
        if torch.compiler.is_exporting():
            return self._read_both_ways(x, steps.sum(1))
        # The way back begins at the end of each sample; the lengths are read on the CPU, as torch wants them.
        lengths, whole = steps.sum(1).cpu(), x.shape[1]
        packed = pack_padded_sequence(x, lengths, True, enforce_sorted=False)
        output, _ = pad_packed_sequence(super().forward(packed), True, 0.0, whole)
        return output

    def _read_both_ways(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The same outputs without packing: each sample is turned round in its own length, read, and turned back."""
        place = torch.arange(x.shape[1], device=x.device)
        inside = place < lengths[:, None]
        turned = where(inside, lengths[:, None] - 1 - place, place)[..., None]

        def turn(sequence: Tensor) -> Tensor:
            return sequence.gather(1, turned.expand(-1, -1, sequence.shape[2]))

        for layer in range(self.num_layers):
            forwards = self._read(x, f"l{layer}")
            backwards = turn(self._read(turn(x), f"l{layer}_reverse"))
            x = cat([forwards, backwards], 2)
        return x * inside[..., None]

    def _read(self, x: Tensor, weights: str) -> Tensor:
        """The outputs of one layer in one direction, from a state of zeros, as torch's own functions have them."""
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        given = [getattr(self, f"{kind}_{weights}") for kind in kinds if hasattr(self, f"{kind}_{weights}")]
        cell = x.new_zeros(1, x.shape[0], self.hidden_size)
        state = x.new_zeros(1, x.shape[0], self.proj_size or self.hidden_size)
        settings = (given, self.bias, 1, 0.0, False, False, True)
        if self.mode == "LSTM":
            output: Tensor = torch.lstm(x, (state, cell), *settings)[0]
        else:
            read = {"GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}[self.mode]
            output = read(x, state, *settings)[0]
        return output


class PaddedLSTM(PaddedRecurrent, LSTM):  # type: ignore[misc]  # one of them hands over what the other is given
    """`LSTM` whose way back begins at the end of each sample."""


class PaddedGRU(PaddedRecurrent, GRU):  # type: ignore[misc]  # likewise
    """`GRU` whose way back begins at the end of each sample."""


class PaddedRNN(PaddedRecurrent, RNN):  # type: ignore[misc]  # likewise
    """`RNN` whose way back begins at the end of each sample."""


class PaddedSelfAttention(SelfAttention):
    """`SelfAttention` in which no step takes of those behind its sample's end."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:  # type: ignore[override]  # key = value = query
        """Mixes the steps of each sequence."""
        mask = causal_mask(x) if self.causal else None
        hidden = hidden_steps(x, skips)
        output: Tensor = nn.MultiheadAttention.forward(
            self, x, x, x, key_padding_mask=hidden, need_weights=False, attn_mask=mask
        )[0]
        return output


class PaddedTransformerEncoderLayer(nn.TransformerEncoderLayer):
    """`nn.TransformerEncoderLayer` in which no step sees those behind its sample's end."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:  # type: ignore[override]  # makes the mask
        """Mixes the steps of each sequence, then transforms each."""
        return super().forward(x, src_key_padding_mask=hidden_steps(x, skips))


class PaddedCausalTransformerEncoderLayer(CausalTransformerEncoderLayer):
    """`CausalTransformerEncoderLayer` in which no step sees those behind its sample's end either."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:  # type: ignore[override]  # makes the mask
        """Mixes the steps of each sequence, then transforms each."""
        hidden = hidden_steps(x, skips)
        mask = causal_mask(x) if self.causal else None
        return nn.TransformerEncoderLayer.forward(self, x, mask, hidden, is_causal=self.causal)


class PaddedCrossAttention(CrossAttention):
    """`CrossAttention` in which no step takes of those behind the end of the other sequence."""

    def forward(self, x: Tensor, skips: Skips) -> Tensor:  # type: ignore[override]  # the memory has a label
        """Gathers for each step from the steps of the other sequence."""
        memory, hidden = skips[self.takes[0]], hidden_memory(self.takes[0], skips)
        output: Tensor = nn.MultiheadAttention.forward(
            self, x, memory, memory, key_padding_mask=hidden, need_weights=False
        )[0]
        return output


class PaddedDecoderLayer(DecoderLayer):
    """`DecoderLayer` in which no step sees those behind the end of either sequence."""

    def forward(self, x: Tensor, skips: Skips) -> Tensor:  # type: ignore[override]  # the memory has a label
        """Mixes the steps of each sequence, gathers from the memory, then transforms each step."""
        return nn.TransformerDecoderLayer.forward(
            self,
            x,
            skips[self.takes[0]],
            tgt_mask=causal_mask(x) if self.causal else None,
            tgt_is_causal=self.causal,
            tgt_key_padding_mask=hidden_steps(x, skips),
            memory_key_padding_mask=hidden_memory(self.takes[0], skips),
        )


class PaddedLast(Last):
    """`Last` that takes the step at each sample's own end."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Picks from a batch."""
        steps = real_steps(x, skips)
        if steps is None:
            return super().forward(x)
        # With `gather`, since a program that is exported keeps no size of a batch.
        ends = (steps.sum(1) - 1).view(-1, 1, 1).expand(-1, 1, x.shape[2])
        # As if each sample had this one step more behind all others.
        return super().forward(cat([x, x.gather(1, ends)], 1))


class PaddedMean(Mean):
    """`Mean` over each sample's own steps."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Averages a batch."""
        steps = _reduced_steps(x, self.dim, skips)
        if steps is None:
            return super().forward(x)
        weights = steps.to(x.dtype) / steps.sum(1, keepdim=True)
        return (x * weights.unsqueeze(2)).sum(1, self.keepdim)


class PaddedMax(Max):
    """`Max` over each sample's own steps."""

    takes_skips = True

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """The maxima of a batch."""
        steps = _reduced_steps(x, self.dim, skips)
        return super().forward(x if steps is None else x.masked_fill(~steps.unsqueeze(2), float("-inf")))


def _reduced_steps(x: Tensor, dim: int | tuple[int, ...], skips: Skips | None) -> Tensor | None:
    """The samples' own steps, where these are what is reduced."""
    return real_steps(x, skips) if dim in (1, (1,)) and x.dim() == 3 else None
