"""Nets of several outputs in training: each head has a loss of its own, and where nothing is learned the last counts.

The heads below the main one help the layers below them to learn (Szegedy et al., "Going Deeper with Convolutions",
2015); a test, a prediction and the metrics look at the last output alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from netdsl.program import LossUse


class Heads(tuple[Tensor, ...]):
    """The outputs of one step, which the loop treats as it treats a single one."""

    def float(self) -> Heads:
        """All of them as real numbers of single precision."""
        return Heads(output.float() for output in self)

    def sum(self) -> Tensor:
        """The sum of all their numbers."""
        return torch.stack([output.sum() for output in self]).sum()


class WeightedLosses(nn.Module):
    """The sum of the losses of several outputs; of the main output alone, its own loss."""

    def __init__(self, losses: Sequence[nn.Module], uses: Sequence[LossUse]) -> None:
        super().__init__()
        self.losses = nn.ModuleList(losses)
        self.uses = [(use.output, use.weight) for use in uses]
        self.ignore_index = getattr(losses[0], "ignore_index", None)

    def forward(self, output: Tensor | Heads, target: Tensor) -> Tensor:
        """The weighted sum; the first of the losses is that of the main output."""
        if isinstance(output, Tensor):
            main: Tensor = self.losses[0](output, target)
            return main
        weighed = [
            weight * loss(output[place], target) for loss, (place, weight) in zip(self.losses, self.uses, strict=True)
        ]
        return torch.stack(weighed).sum()


def main_output(output: Tensor | Heads) -> Tensor:
    """The last of several outputs, or the only one."""
    return output if isinstance(output, Tensor) else output[-1]
