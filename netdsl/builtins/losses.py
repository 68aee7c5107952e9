"""The losses: torch's, by name, with torch's parameters.

Left out of every signature: `weight` tensors, which a text cannot hold, and `reduction`, since training needs the mean.
"""

from __future__ import annotations

from netdsl.components import Refusal, loss
from netdsl.core.ranges import NonNegative, Positive, Share
from netdsl.core.text import text


@loss(
    "torch.nn:CrossEntropyLoss",
    wants="classes",
    applies=frozenset({"softmax", "logsoftmax"}),
    example="loss cross_entropy label_smoothing=0.1",
)
def cross_entropy(*, ignore_index: int = -100, label_smoothing: Share = 0.0) -> None:
    """Minus the log of the right class's probability: softmax and `nll` in one, on raw scores (logits).

    `label_smoothing` spreads that share of the target evenly over all classes.
    """


@loss(
    "torch.nn:NLLLoss",
    wants="classes",
    needs="logsoftmax",
    on_scores="cross_entropy",
    example="logsoftmax; loss nll",
)
def nll(*, ignore_index: int = -100) -> None:
    """Minus the log-probability of the right class, for a net that ends in `logsoftmax`."""


@loss("torch.nn:MultiMarginLoss", wants="classes", example="loss multi_margin")
def multi_margin(*, p: int = 1, margin: float = 1.0) -> None:
    """The hinge loss of several classes: by how much others come within `margin` of the right class's score."""
    if p not in (1, 2):
        raise Refusal(text("`p` is {p} but must be 1 or 2", p=p), "p")


@loss(
    "torch.nn:BCEWithLogitsLoss",
    wants="binary",
    applies=frozenset({"sigmoid"}),
    example="linear 8->1; loss bce_with_logits",
)
def bce_with_logits() -> None:
    """Cross-entropy of yes-or-no targets, on raw scores: sigmoid and `bce` in one, computed without overflow."""


@loss(
    "torch.nn:BCELoss",
    wants="binary",
    outputs="probabilities",
    needs="sigmoid",
    on_scores="bce_with_logits",
    example="linear 8->1; sigmoid; loss bce",
)
def bce() -> None:
    """Cross-entropy of yes-or-no targets, for a net that ends in `sigmoid`; `bce_with_logits` is the safer form."""


@loss("torch.nn:MSELoss", example="loss mse")
def mse() -> None:
    """The mean of the squared differences."""


@loss("torch.nn:L1Loss", example="loss l1")
def l1() -> None:
    """The mean of the absolute differences; outliers count less than in `mse`."""


@loss("torch.nn:SmoothL1Loss", example="loss smooth_l1 beta=0.5")
def smooth_l1(*, beta: NonNegative = 1.0) -> None:
    """The square of a difference below `beta`, and a line of slope 1 above it: `huber` divided by `beta`."""


@loss("torch.nn:HuberLoss", example="loss huber delta=2")
def huber(*, delta: Positive = 1.0) -> None:
    """The square of a difference below `delta`, and a line above it."""


@loss("torch.nn:PoissonNLLLoss", example="loss poisson_nll")
def poisson_nll(*, log_input: bool = True, full: bool = False, eps: float = 1e-8) -> None:
    """Minus the log-likelihood of counts in a Poisson distribution: the net gives its rate, or the log of it."""
