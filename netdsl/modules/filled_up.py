"""Samples of different lengths in one batch: the shorter ones are filled up with zeros, which no layer may see.

Which steps are a sample's own travels down the calls as labelled outputs do, under a label that no text can write.
"""

from __future__ import annotations

from torch import Tensor, zeros_like

from netdsl.modules.composites import Skipping, Skips

STEPS = ""


class Padded(Skipping):
    """An `nn.Sequential` that is fed with indices N×T, and tells the layers in it which steps are the samples' own.

    The index 0 stands behind the end of a sample, and nowhere else.
    """

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Runs the children in order."""
        return super().forward(x, {**(skips or {}), STEPS: x != 0})


def real_steps(x: Tensor, skips: Skips | None) -> Tensor | None:
    """Which steps of a batch N×T×F are the samples' own, N×T; None where all are, or where steps have been merged."""
    steps = skips.get(STEPS) if skips else None
    return None if steps is None or steps.shape != x.shape[:2] else steps


def hidden_steps(x: Tensor, skips: Skips | None) -> Tensor | None:
    """What attention adds to the score of each step, N×T: −∞ where nothing is to be seen."""
    steps = real_steps(x, skips)
    if steps is None:
        return None
    # Of the type of the causal mask: torch wants both alike.
    return zeros_like(steps, dtype=x.dtype).masked_fill(~steps, float("-inf"))
