"""Nets of several outputs in training: each head has a loss of its own, and where nothing is learned the last counts.

The heads below the main one help the layers below them to learn (Szegedy et al., "Going Deeper with Convolutions",
2015); a test, a prediction and the metrics look at the last output alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.program import LossUse, Network


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


def attach_heads(module: nn.Module, network: Network) -> None:
    """Lets a net of several outputs give them all in training, and the main one otherwise."""
    if len(network.outputs) > 1:
        module.register_forward_hook(_choose)


def main_output(output: Tensor | Heads) -> Tensor:
    """The last of several outputs, or the only one."""
    return output if isinstance(output, Tensor) else output[-1]


# A function of its own, and not a closure: a net with it can be copied and sent to other processes.
def _choose(module: nn.Module, _: Any, outputs: tuple[Tensor, ...]) -> Heads | Tensor:
    return Heads(outputs) if module.training else outputs[-1]
