"""What is minimised, and how many samples it is a mean of."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from netdsl import components
from netdsl.builder import create
from netdsl.program import Use

NO_CLASS = -100
"""What torch leaves out by default, since no class has that number."""


def build_loss(use: Use[components.Loss]) -> nn.Module:
    """The loss of a file, as a module."""
    loss: nn.Module = create(use)
    return loss if use.component.wants == "classes" else Elementwise(loss)


class Elementwise(nn.Module):
    """A loss between numbers: the target takes the output's shape and type, so nothing is broadcast by accident."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of `output` against `target`, both one value an element."""
        loss: Tensor = self.loss(output, target.view_as(output).to(output.dtype))
        return loss


def count_samples(loss: Any, target: Tensor) -> Tensor | int:
    """How many samples a mean loss is the mean of: those that `ignore_index` leaves out do not count."""
    ignored = getattr(loss, "ignore_index", NO_CLASS)
    if ignored == NO_CLASS or target.is_floating_point():
        return len(target)
    kept: Tensor = (target != ignored).sum()
    return kept
