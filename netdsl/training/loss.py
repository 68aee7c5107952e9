"""The function that training minimises, and the number of samples that its mean is taken over."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from netdsl import components
from netdsl.builder import create
from netdsl.program import Use

NO_CLASS = -100
"""The target that torch leaves out by default, since no class has that number."""


def build_loss(use: Use[components.Loss]) -> nn.Module:
    """The loss of a file, as a module."""
    loss: nn.Module = create(use)
    return loss if use.component.wants == "classes" else Elementwise(loss)


class Elementwise(nn.Module):
    """A loss between numbers. The target takes the output's shape and type, so that torch never broadcasts one of them.

    N outputs of shape Nx1 against N targets of shape N would otherwise be compared N times N.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of `output` against `target`, which holds as many numbers."""
        loss: Tensor = self.loss(output, target.view_as(output).to(output.dtype))
        return loss


def count_samples(loss: Callable[[Tensor, Tensor], Tensor], target: Tensor) -> Tensor | int:
    """The number of samples that a mean loss is taken over: those that `ignore_index` leaves out do not count."""
    ignored = getattr(loss, "ignore_index", NO_CLASS)
    if ignored == NO_CLASS or target.is_floating_point():
        return len(target)
    kept: Tensor = (target != ignored).sum()  # stays on its device: a number would make the CPU wait for it
    return kept
