"""timm's losses, with its parameters and defaults. Those that need batches of another kind are left out.

`SoftTargetCrossEntropy` is what netdsl's `cross_entropy` does after `mixup`; `JsdCrossEntropy` needs every sample
several times in a batch, `DistributionBalancedLoss` the counts of the classes.
"""

from netdsl.components import loss


@loss(
    "timm.loss:LabelSmoothingCrossEntropy", wants="classes", example="loss label_smoothing_cross_entropy smoothing=0.1"
)
def label_smoothing_cross_entropy(*, smoothing: float = 0.1) -> None:
    """Cross-entropy with the share `smoothing` of each target spread over all classes."""


@loss("timm.loss:AsymmetricLossSingleLabel", wants="classes", example="loss asymmetric_single_label")
def asymmetric_single_label(*, gamma_pos: float = 1, gamma_neg: float = 4, eps: float = 0.1) -> None:
    """A focal cross-entropy that forgives easy negatives more than easy positives (Ridnik 2021)."""


@loss("timm.loss:BinaryCrossEntropy", wants="classes", example="loss binary_cross_entropy smoothing=0")
def binary_cross_entropy(
    *, smoothing: float = 0.1, target_threshold: float | None = None, sum_classes: bool = False
) -> None:
    """A yes-or-no question for each class, the right one alone answered with yes (Wightman 2021)."""


@loss("timm.loss:PolyCrossEntropy", wants="classes", example="loss poly_cross_entropy epsilon=1")
def poly_cross_entropy(*, epsilon: float = 2.0, smoothing: float = 0.0) -> None:
    """Cross-entropy whose first polynomial term weighs more, by `epsilon` (Leng 2022)."""


@loss("timm.loss:AsymmetricLossMultiLabel", example="loss asymmetric_multi_label gamma_neg=2")
def asymmetric_multi_label(
    *, gamma_neg: float = 4, gamma_pos: float = 1, clip: float | None = 0.05, eps: float = 1e-8
) -> None:
    """For samples of several classes, targets of zeros and ones: forgives easy zeros more than easy ones."""


@loss("timm.loss:PolyBinaryCrossEntropy", example="loss poly_binary_cross_entropy")
def poly_binary_cross_entropy(
    *, epsilon: float = 2.0, gamma: float = 0.0, alpha: float | None = None, smoothing: float = 0.0
) -> None:
    """For samples of several classes, targets of zeros and ones: a binary `poly_cross_entropy`."""


@loss("timm.loss:TwoWayLoss", example="loss two_way")
def two_way(*, tp: float = 4.0, tn: float = 1.0) -> None:
    """For samples of several classes, targets of zeros and ones: compares classes, and samples too (Kobayashi 2023)."""


@loss("timm.loss:ZlprLoss", example="loss zlpr")
def zlpr() -> None:
    """For samples of several classes, targets of zeros and ones: each right class above 0, each wrong one below."""
