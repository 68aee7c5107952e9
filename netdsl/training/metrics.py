"""The metrics that only count and add: exact over a whole test set, whatever its batches are.

They are fed with what the loop has: raw outputs, and targets of any kind. A single output for two classes is the
second one's score against 0, or its probability where the loss wants that. Targets that a transform mixed count as the
class that they hold most of. `torchmetrics_classes.py` has those that torchmetrics computes: importing it takes twice
as long as importing torch, and most runs do without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, Protocol, Self

import torch
import torch.distributed as dist
from torch import Tensor

from netdsl.components.experiment import TargetScale
from netdsl.data.target_scale import unscale
from netdsl.data.transforms.base import NO_CLASS
from netdsl.training.positions import classes_second, positions_of

Average = Literal["micro", "macro", "weighted"]


class EpochMetric(Protocol):
    """What training calls of a metric; every `torchmetrics.Metric` has it.

    `higher_is_better` is None where no value is better than another.
    """

    @property
    def higher_is_better(self) -> bool | None:
        """Whether more is better."""

    def to(self, device: Any, /) -> Any:
        """Moves it to a device; returns it."""

    def reset(self) -> None:
        """Begins anew."""

    def update(self, output: Tensor, target: Tensor, /) -> None:
        """Adds a batch."""

    def compute(self) -> Any:
        """The value over all batches, and over all processes where there are several: each must call it."""


class InOwnUnit:
    """A metric of numbers that are scaled for the net: it is fed with them in the unit of the target."""

    def __init__(self, metric: EpochMetric, scale: TargetScale) -> None:
        self.metric, self.scale = metric, scale

    @property
    def higher_is_better(self) -> bool | None:
        """Whether more is better."""
        return self.metric.higher_is_better

    def to(self, device: object) -> Self:
        """Moves it to a device; returns it."""
        self.metric.to(device)
        return self

    def reset(self) -> None:
        """Begins anew."""
        self.metric.reset()

    def update(self, output: Tensor, target: Tensor) -> None:
        """Adds a batch."""
        self.metric.update(unscale(output, self.scale), unscale(target, self.scale))

    def compute(self) -> Any:
        """The value over all batches."""
        return self.metric.compute()


class SummedMetric(ABC):
    """A metric that is a function of sums over all samples; the sums lie where the outputs do."""

    higher_is_better: bool | None = None

    def __init__(self) -> None:
        self._sums: Tensor | None = None

    def to(self, _device: object) -> Self:
        """Nothing is to be moved."""
        return self

    def reset(self) -> None:
        """Begins anew."""
        self._sums = None

    def update(self, output: Tensor, target: Tensor) -> None:
        """Adds the sums of a batch; nothing waits for the device."""
        sums = self.add_up(output, target)
        self._sums = sums if self._sums is None else self._sums + sums

    def compute(self) -> Tensor:
        """The metric of all samples, of all processes; NaN where there are none."""
        found = [sums for sums in gather_from_processes(self._sums) if sums is not None]
        return self.conclude(torch.stack(found).sum(0)) if found else torch.tensor(torch.nan)

    @abstractmethod
    def add_up(self, output: Tensor, target: Tensor) -> Tensor:
        """The sums over a batch."""

    @abstractmethod
    def conclude(self, sums: Tensor) -> Tensor:
        """The metric, given the sums over all samples."""


def gather_from_processes(value: Tensor | None) -> list[Tensor | None]:
    """A tensor of each process, on the CPU where there are several; None of those that saw no sample."""
    if not (dist.is_available() and dist.is_initialized()):
        return [value]
    found: list[Tensor | None] = [None] * dist.get_world_size()
    dist.all_gather_object(found, None if value is None else value.cpu())
    return found


class OfClasses:
    """A metric of classes.

    Attributes:
        probabilities: whether a single output is one.
        ignored: the number that the loss takes for no class.
    """

    probabilities = False

    ignored = NO_CLASS

    def read(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Scores N×classes and N classes out of raw outputs and targets.

        Each position with a class counts as a sample; those that the loss ignores are left out.
        """
        found = scores(classes_second(output, positions_of(output, target)), probabilities=self.probabilities)
        wanted = classes(found, target)
        if wanted.dim() > 1:
            found, wanted = found.movedim(1, -1).flatten(0, -2), wanted.flatten()
        elif self.ignored == NO_CLASS:  # of one class to a sample none is missing
            return found, wanted
        kept = (wanted != self.ignored) & (wanted != NO_CLASS)
        return found[kept], wanted[kept]


def scores(output: Tensor, *, probabilities: bool = False) -> Tensor:
    """Scores N×classes(×positions) out of raw outputs, of which a single one may be the probability of the second."""
    output = output.float()
    if output.dim() == 1 or output.shape[1] == 1:
        column = output.unsqueeze(1) if output.dim() == 1 else output
        if probabilities:
            return torch.cat((1 - column, column), 1).log()
        return torch.cat((torch.zeros_like(column), column), 1)
    return output


def classes(output: Tensor, target: Tensor) -> Tensor:
    """Class numbers out of targets."""
    mixed = target.is_floating_point() and target.dim() > 1 and target.shape[1] > 1 and target.shape == output.shape
    return target.argmax(1) if mixed else target.reshape(output.shape[0], *output.shape[2:]).long()


class Accuracy(OfClasses, SummedMetric):
    """The share of right classes: of all samples (`micro`), or the mean over the classes, as torchmetrics defines it.

    Args:
        top_k: a class is right if it is among so many of the highest scores.
    """

    higher_is_better = True

    def __init__(self, num_classes: int, top_k: int = 1, average: Average = "micro") -> None:
        super().__init__()
        self.num_classes, self.top_k, self.average = num_classes, top_k, average

    def add_up(self, output: Tensor, target: Tensor) -> Tensor:
        """How many classes are right, and of how many; or, in rows, how often each was missed, found and predicted."""
        found, wanted = self.read(output, target)
        if self.top_k == 1:
            predicted = found.argmax(1)
        else:
            highest = found.topk(self.top_k, 1).indices
            # A sample whose class is among the highest counts as predicted right, any other as its highest.
            predicted = torch.where((highest == wanted.unsqueeze(1)).any(1), wanted, highest.select(1, 0))
        right = predicted == wanted
        if self.average == "micro":
            return torch.stack((right.sum(), torch.full((), right.numel(), device=right.device)))
        per_class = torch.bincount(wanted.flatten() * 2 + right.flatten(), minlength=2 * self.num_classes)
        guesses = torch.bincount(predicted.flatten(), minlength=self.num_classes)
        return torch.cat((per_class.view(-1, 2).T, guesses.unsqueeze(0)))

    def conclude(self, sums: Tensor) -> Tensor:
        """The share."""
        if self.average == "micro":
            return sums[0].float() / sums[1].float()
        missed, found, guesses = sums.float().unbind()
        support = missed + found
        # A class that was neither there nor predicted does not count.
        seen = support + guesses > 0 if self.top_k == 1 else support > 0
        weights = support if self.average == "weighted" else seen.float()
        shares = weights * found / support.clamp_min(1)
        return shares.sum() / weights.sum()


class BinaryAccuracy(OfClasses, SummedMetric):
    """The share of answers yes or no, one or several a sample, that are on the right side of one half."""

    higher_is_better = True

    def add_up(self, output: Tensor, target: Tensor) -> Tensor:
        """How many answers are right, and of how many."""
        # The sigmoid of a score is above one half where the score is above 0.
        found = output.float() > (0.5 if self.probabilities else 0.0)
        wanted = target.reshape(found.shape)
        right = found == (wanted > 0.5)
        counted = wanted != NO_CLASS
        return torch.stack(((right & counted).sum(), counted.sum()))

    def conclude(self, sums: Tensor) -> Tensor:
        """The share."""
        return sums[0].float() / sums[1].float()


class Top5(Accuracy):
    """The share of samples whose class is among the five highest, or among all where there are fewer."""

    def __init__(self, num_classes: int) -> None:
        super().__init__(num_classes, top_k=min(5, num_classes))


class Confusion(OfClasses, SummedMetric):
    """The confusion matrix."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes

    def add_up(self, output: Tensor, target: Tensor) -> Tensor:
        """Counts a batch: true classes in rows, predicted ones in columns."""
        found, wanted = self.read(output, target)
        cells = wanted * self.num_classes + found.argmax(1)
        counts = torch.bincount(cells.flatten(), minlength=self.num_classes**2)
        return counts.view(self.num_classes, self.num_classes)

    def conclude(self, sums: Tensor) -> Tensor:
        """The counts themselves."""
        return sums


class PixelAccuracy(Accuracy):
    """The share of right pixels."""

    def __init__(self, num_classes: int) -> None:
        super().__init__(num_classes)


class Perplexity(OfClasses, SummedMetric):
    """e to the power of the mean of −log p over all targets, p being the probability of what is right."""

    higher_is_better = False

    def add_up(self, output: Tensor, target: Tensor) -> Tensor:
        """The sum of −log p, and the number of targets."""
        found, wanted = self.read(output, target)
        # Over a million tokens the rounding of single precision would show.
        lost = _in_full(torch.nn.functional.cross_entropy(found, wanted, reduction="none")).sum()
        return torch.stack((lost, torch.full_like(lost, len(wanted))))

    def conclude(self, sums: Tensor) -> Tensor:
        """The power."""
        return (sums[0] / sums[1]).exp().float()


class MeanIoU(Confusion):
    """The mean over the classes of intersection over union (Jaccard index) of what is predicted and what is true."""

    higher_is_better = True

    def conclude(self, sums: Tensor) -> Tensor:
        """The mean; a class that was neither there nor predicted does not count."""
        counts = _in_full(sums)
        both = counts.diagonal()
        either = counts.sum(0) + counts.sum(1) - both
        return (both / either)[either > 0].mean().float()


def _numbers(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both as N×values, so that N outputs are never compared with N×1 targets."""
    rows = output.float().reshape(len(output), -1).contiguous()
    return rows, target.to(rows.dtype).reshape(rows.shape)


def _in_full(values: Tensor) -> Tensor:
    """In double precision, in which a sum of many stays exact; Apple's GPUs have none."""
    return values if values.device.type == "mps" else values.double()


class MeanOfDifferences(SummedMetric):
    """A mean over all the values of all samples."""

    higher_is_better = False

    def add_up(self, output: Tensor, target: Tensor) -> Tensor:
        """The sum over the batch, and how many values it has."""
        rows, wanted = _numbers(output, target)
        total = _in_full(self.size(rows - wanted)).sum()
        return torch.stack((total, torch.full_like(total, rows.numel())))

    def conclude(self, sums: Tensor) -> Tensor:
        """The mean."""
        return (sums[0] / sums[1]).float()

    @abstractmethod
    def size(self, difference: Tensor) -> Tensor:
        """How large each difference is."""


class MSE(MeanOfDifferences):
    """The mean squared difference."""

    def size(self, difference: Tensor) -> Tensor:
        """Its square."""
        return _in_full(difference).square()


class RMSE(MSE):
    """The root of the mean squared difference."""

    def conclude(self, sums: Tensor) -> Tensor:
        """The root."""
        return (sums[0] / sums[1]).sqrt().float()


class LogRMSE(RMSE):
    """The root of the mean squared difference of the logarithms; NaN where a target is not above 0."""

    def __init__(self, least: float = 1.0) -> None:
        super().__init__()
        self.least = least

    def add_up(self, output: Tensor, target: Tensor) -> Tensor:
        """The sum over the batch, and how many values it has."""
        return super().add_up(_in_full(output).clamp_min(self.least).log(), _in_full(target).log())


class MAE(MeanOfDifferences):
    """The mean absolute difference."""

    def size(self, difference: Tensor) -> Tensor:
        """Without its sign."""
        return difference.abs()


class R2(SummedMetric):
    """The share of the variance that is explained, averaged over the values of a target."""

    higher_is_better = True
    CONSTANT = 1e-4
    """Sums of squares up to this count as 0, as in torchmetrics."""

    def add_up(self, output: Tensor, target: Tensor) -> Tensor:
        """A row each: the targets, their squares, the squared differences, the number of samples."""
        rows, wanted = map(_in_full, _numbers(output, target))
        total = wanted.sum(0)
        return torch.stack(
            (total, wanted.square().sum(0), (wanted - rows).square().sum(0), torch.full_like(total, len(rows)))
        )

    def conclude(self, sums: Tensor) -> Tensor:
        """The mean share; NaN for a single sample, which has no variance."""
        total, squares, unexplained, count = sums.unbind()
        variance = squares - total * total / count
        share = 1 - unexplained / variance
        # Of a target that does not vary, all is explained or nothing.
        share = torch.where(variance.abs() <= self.CONSTANT, 0.0, share)
        share = torch.where(unexplained.abs() <= self.CONSTANT, 1.0, share)
        return torch.where(count < 2, torch.nan, share).mean().float()
