"""The metrics that torchmetrics computes: a module of their own, for its import takes twice as long as torch's."""

from __future__ import annotations

from torch import Tensor
from torchmetrics.classification import MulticlassAUROC, MulticlassF1Score

from netdsl.training.metrics import OfClasses


class F1(OfClasses, MulticlassF1Score):
    """The harmonic mean of precision and recall."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Counts a batch."""
        super().update(*self.read(output, target))


class AUROC(OfClasses, MulticlassAUROC):
    """The area under the ROC curve, exact: all scores are kept until it is asked for."""

    def update(self, output: Tensor, target: Tensor) -> None:
        """Keeps a batch."""
        found, wanted = self.read(output, target)
        super().update(found.softmax(1), wanted)
