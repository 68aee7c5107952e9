"""The reasons to end training early."""

from __future__ import annotations

from collections.abc import Mapping

from netdsl.components import stopper
from netdsl.core.ranges import NonNegative


@stopper("netdsl.builtins.stoppers:LossBelow", example="stopper loss_below 0.1")
def loss_below(limit: NonNegative) -> None:
    """Ends training once the loss over the test set is below `limit`."""


class LossBelow:
    """Whether the loss of a test is below a limit."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, results: Mapping[str, float]) -> bool:
        """Whether training is to end."""
        return results["loss"] < self.limit
