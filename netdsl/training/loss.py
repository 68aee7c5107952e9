"""The function that training minimises, and the number of samples that its mean is taken over."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from netdsl import components
from netdsl.builder import create
from netdsl.components.positions import classes_stand_last
from netdsl.data.transforms.base import NO_CLASS
from netdsl.program import DataUse, Experiment, Use
from netdsl.training.heads import WeightedLosses
from netdsl.training.positions import classes_second, positions_of


def build_loss(use: Use[components.Loss], data: DataUse | None = None) -> nn.Module:
    """The loss of a file, as a module, for the targets of its data."""
    loss: nn.Module = create(use)
    if use.component.wants != "classes":
        return Elementwise(loss)
    # Where each sample has one class, torch's own module is called: a small net feels each line of Python.
    return OfPositions(loss) if data and data.facts.target else loss


def build_losses(experiment: Experiment) -> nn.Module:
    """The loss of an experiment: of a net with several outputs, the weighted sum of theirs."""
    assert experiment.loss is not None  # who trains has asked
    if not experiment.losses:
        return build_loss(experiment.loss, experiment.data)
    uses = experiment.losses
    return WeightedLosses([build_loss(use, experiment.data) for use in uses], uses)


class OfPositions(nn.Module):
    """A loss between scores and classes, one class a sample or one to each of its positions."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss
        self.ignore_index = getattr(loss, "ignore_index", None)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of scores N×classes, N×classes×positions or N×positions×classes."""
        if target.dim() > 1 and output.dim() > 2:
            positions = positions_of(output, target)
            if classes_stand_last(tuple(output.shape[1:]), positions) and not target.is_floating_point():
                # Rows of classes as they lie in memory: torch would have to jump from class to class.
                output, target = output.flatten(0, -2), target.flatten()
            else:
                output = classes_second(output, positions)
            if not target.is_floating_point():
                output, target = self._flat(output, target.long())
        loss: Tensor = self.loss(output, target)
        return loss

    def _flat(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """All positions as samples of their own, where the loss knows no others; what has no class is marked for it."""
        if self.ignore_index == NO_CLASS:
            return output, target
        if self.ignore_index is not None:
            return output, target.masked_fill(target == NO_CLASS, self.ignore_index)
        kept = target.flatten() != NO_CLASS
        return output.movedim(1, -1).flatten(0, -2)[kept], target.flatten()[kept]


class Elementwise(nn.Module):
    """A loss between numbers. The target takes the output's shape and type, so that torch never broadcasts one of them.

    N outputs of shape Nx1 against N targets of shape N would otherwise be compared N times N.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of `output` against `target`, which holds as many numbers."""
        wanted = target.reshape(output.shape)
        if not target.is_floating_point() and target.dim() > 1:  # classes yes or no, of which a position may have none
            kept = wanted != NO_CLASS
            output, wanted = output[kept], wanted[kept]
        loss: Tensor = self.loss(output, wanted.to(output.dtype))
        return loss


def count_samples(loss: Callable[[Tensor, Tensor], Tensor], target: Tensor) -> Tensor | int:
    """The number of samples that a mean loss is taken over: those that `ignore_index` leaves out do not count."""
    ignored = getattr(loss, "ignore_index", None)
    if target.is_floating_point() or (target.dim() == 1 and ignored in (None, NO_CLASS)):
        return len(target)
    counted = target != NO_CLASS
    if ignored is not None:
        counted &= target != ignored
    kept: Tensor = counted.sum()  # stays on its device: a number would make the CPU wait for it
    return kept
