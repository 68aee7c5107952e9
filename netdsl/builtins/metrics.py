"""The metrics, computed over a whole test set, never as a mean over batches.

`num_classes` is the data set's. A net with a single output for two classes is read as the score of the second one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from netdsl.components import INFERRED, metric
from netdsl.core.ranges import AtLeast, Positive

Average = Literal["micro", "macro", "weighted"]


@metric("netdsl.training.metrics:Accuracy", wants="classes", example="metrics accuracy")
def accuracy(*, num_classes: int = INFERRED, top_k: Annotated[int, AtLeast(1)] = 1, average: Average = "micro") -> None:
    """The share of samples whose class has the highest score, or one of the `top_k` highest."""


@metric("netdsl.training.metrics:BinaryAccuracy", wants="binary", example="metrics binary_accuracy")
def binary_accuracy() -> None:
    """The share of yes-or-no targets that the net is right about: its probability is on their side of one half."""


@metric("netdsl.training.metrics:Top5", wants="classes", example="metrics top5")
def top5(*, num_classes: int = INFERRED) -> None:
    """The share of samples whose class is among the five with the highest scores."""


@metric("netdsl.training.torchmetrics_classes:F1", wants="classes", example="metrics f1")
def f1(*, num_classes: int = INFERRED, average: Average = "macro") -> None:
    """The harmonic mean of precision and recall, averaged over the classes."""


@metric("netdsl.training.torchmetrics_classes:AUROC", wants="classes", example="metrics auroc")
def auroc(*, num_classes: int = INFERRED, average: Literal["macro", "weighted"] = "macro") -> None:
    """The area under the ROC curve, averaged over the classes.

    It is the probability that a sample of the class scores above a sample of another.
    """


@metric("netdsl.training.metrics:Perplexity", wants="classes", best="lowest", example="metrics perplexity")
def perplexity() -> None:
    """The exponential of the mean cross entropy: the number of tokens among which a language model hesitates."""


@metric("netdsl.training.metrics:Confusion", wants="classes", example="metrics confusion")
def confusion(*, num_classes: int = INFERRED) -> None:
    """How many samples of each class (rows) were taken for each class (columns)."""


@metric("netdsl.training.metrics:MeanIoU", wants="classes", example="metrics mean_iou")
def mean_iou(*, num_classes: int = INFERRED) -> None:
    """How far predicted and true regions overlap: intersection over union, averaged over the classes that occur."""


@metric("netdsl.training.metrics:PixelAccuracy", wants="classes", example="metrics pixel_accuracy")
def pixel_accuracy(*, num_classes: int = INFERRED) -> None:
    """The share of pixels that have the right class; pixels without a class do not count."""


@metric("netdsl.training.metrics:MSE", best="lowest", example="metrics mse")
def mse() -> None:
    """The mean of the squared differences."""


@metric("netdsl.training.metrics:RMSE", best="lowest", example="metrics rmse")
def rmse() -> None:
    """The root of the mean squared difference, in the target's own unit."""


@metric("netdsl.training.metrics:LogRMSE", best="lowest", example="metrics log_rmse")
def log_rmse(least: Positive = 1.0) -> None:
    """The root of the mean squared difference of the logarithms, for prices: 0.1 is about a tenth of the price.

    A prediction below `least` counts as `least`. Targets have to be above 0.
    """


@metric("netdsl.training.metrics:MAE", best="lowest", example="metrics mae")
def mae() -> None:
    """The mean of the absolute differences, in the target's own unit."""


@metric("netdsl.training.metrics:R2", example="metrics r2")
def r2() -> None:
    """The share of the target's variance that the net explains: 1 is perfect, 0 is no better than the mean."""
