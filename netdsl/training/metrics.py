"""The metrics as torchmetrics computes them, fed with what the loop has: raw outputs, and targets of any kind.

A single output for two classes is the second one's score against 0, or its probability where the loss wants that.
Targets that a transform mixed count as the class that they hold most of.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torchmetrics import MeanAbsoluteError, MeanSquaredError, Metric, R2Score
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassConfusionMatrix,
    MulticlassF1Score,
)

Average = Literal["micro", "macro", "weighted"]


class OfClasses:
    """A metric of classes; `probabilities` says that a single output is one."""

    probabilities = False

    def scores(self, output: Tensor) -> Tensor:
        """Scores N×classes out of raw outputs."""
        return scores(output, probabilities=self.probabilities)


def scores(output: Tensor, *, probabilities: bool = False) -> Tensor:
    """Scores N×classes out of raw outputs, of which a single one may be the probability of the second of two."""
    output = output.float()
    if output.dim() == 1 or output.shape[1] == 1:
        column = output.reshape(-1, 1)
        if probabilities:
            return torch.cat((1 - column, column), 1).log()
        return torch.cat((torch.zeros_like(column), column), 1)
    return output


def classes(output: Tensor, target: Tensor) -> Tensor:
    """Class numbers out of targets."""
    mixed = target.is_floating_point() and target.dim() > 1 and target.shape[1] > 1 and target.shape == output.shape
    return target.argmax(1) if mixed else target.reshape(output.shape[0], *output.shape[2:]).long()


class Accuracy(OfClasses, MulticlassAccuracy):
    """The share of right classes: of all samples, where torchmetrics would take the mean over the classes."""

    def __init__(self, num_classes: int, top_k: int = 1, average: Average = "micro") -> None:
        super().__init__(num_classes=num_classes, top_k=top_k, average=average)

    def update(self, output: Tensor, target: Tensor) -> None:
        """Counts a batch."""
        super().update(self.scores(output), classes(output, target))


class BinaryAccuracy(OfClasses, Metric):
    """The share of answers yes or no, one or several a sample, that are on the right side of one half."""

    higher_is_better = True
    right: Tensor
    answers: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("right", "answers"):
            self.add_state(name, default=torch.tensor(0), dist_reduce_fx="sum")

    def update(self, output: Tensor, target: Tensor) -> None:
        """Counts a batch."""
        # The sigmoid of a score is above one half where the score is above 0.
        found = output.float() > (0.5 if self.probabilities else 0.0)
        self.right += (found == (target.reshape(found.shape) > 0.5)).sum()
        self.answers += found.numel()

    def compute(self) -> Tensor:
        """The share so far."""
        return self.right / self.answers


class Top5(Accuracy):
    """The share of samples whose class is among the five highest, or among all where there are fewer."""

    def __init__(self, num_classes: int) -> None:
        super().__init__(num_classes, top_k=min(5, num_classes))


class F1(OfClasses, MulticlassF1Score):
    """The harmonic mean of precision and recall."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Counts a batch."""
        super().update(self.scores(output), classes(output, target))


class AUROC(OfClasses, MulticlassAUROC):
    """The area under the ROC curve, exact: all scores are kept until it is asked for."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Keeps a batch."""
        super().update(self.scores(output).softmax(1), classes(output, target))


class Confusion(OfClasses, MulticlassConfusionMatrix):
    """The confusion matrix."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Counts a batch."""
        super().update(self.scores(output), classes(output, target))


def _numbers(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both as N×values, so that N outputs are never compared with N×1 targets."""
    rows = output.float().reshape(len(output), -1).contiguous()
    return rows, target.to(rows.dtype).reshape(rows.shape)


class MSE(MeanSquaredError):
    """The mean squared difference."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Counts a batch."""
        super().update(*_numbers(output, target))


class RMSE(MSE):
    """The root of the mean squared difference."""

    def __init__(self) -> None:
        super().__init__(squared=False)


class MAE(MeanAbsoluteError):
    """The mean absolute difference."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Counts a batch."""
        super().update(*_numbers(output, target))


class R2(R2Score):
    """The share of the variance that is explained, averaged over the values of a target."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Counts a batch."""
        rows, wanted = _numbers(output, target)
        super().update(*((rows, wanted) if rows.shape[1] > 1 else (rows[:, 0], wanted[:, 0])))
