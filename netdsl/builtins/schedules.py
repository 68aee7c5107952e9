"""The schedules of the learning rate: torch's shapes, stepped every batch, their lengths counted in epochs.

A length may be a fraction (`warmup=0.5` is half an epoch). `warmup` comes first, in equal steps up to the optimizer's
`lr`; the schedule itself then fills the rest of the training.
"""

from __future__ import annotations

from typing import Annotated, Literal

from netdsl.components import schedule
from netdsl.core.ranges import Above, NonNegative, Positive, Share


@schedule("netdsl.training.schedules:constant", example="schedule none warmup=1")
def none(*, warmup: NonNegative = 0.0) -> None:
    """Keeps the learning rate of the optimizer."""


@schedule("netdsl.training.schedules:cosine", aliases={"T_max": "t_max"}, example="schedule cosine warmup=5")
def cosine(*, t_max: Annotated[float | None, Above(0)] = None, eta_min: float = 0.0, warmup: NonNegative = 0.0) -> None:
    """Lowers the rate along half a cosine wave, from `lr` to `eta_min` (Loshchilov, Hutter 2016).

    It takes `t_max` epochs; left out, the whole training.
    """


@schedule("netdsl.training.schedules:linear", example="schedule linear warmup=2 end_factor=0.01")
def linear(*, start_factor: NonNegative = 1.0, end_factor: NonNegative = 0.0, warmup: NonNegative = 0.0) -> None:
    """Changes the rate along a straight line, from `start_factor` times `lr` to `end_factor` times `lr`."""


@schedule("netdsl.training.schedules:polynomial", example="schedule polynomial power=0.9")
def polynomial(*, power: NonNegative = 1.0, warmup: NonNegative = 0.0) -> None:
    """Lowers the rate to `lr` times (1 − t)^`power`, where t runs from 0 to 1 over the training."""


@schedule("netdsl.training.schedules:step", example="schedule step 30 gamma=0.1")
def step(step_size: Positive, *, gamma: Positive = 0.1, warmup: NonNegative = 0.0) -> None:
    """Multiplies the rate by `gamma` after each `step_size` epochs; those of the warm-up count."""


@schedule("netdsl.training.schedules:multistep", example="schedule multistep 60,120,160 gamma=0.2")
def multistep(
    milestones: Annotated[tuple[float, ...], Above(0)], *, gamma: Positive = 0.1, warmup: NonNegative = 0.0
) -> None:
    """Multiplies the rate by `gamma` at each of the `milestones`, in epochs from the start of the training."""


@schedule("netdsl.training.schedules:exponential", example="schedule exponential 0.95")
def exponential(gamma: Positive, *, warmup: NonNegative = 0.0) -> None:
    """Multiplies the rate by `gamma` in each epoch, a little at every step."""


@schedule("netdsl.training.schedules:onecycle", example="schedule onecycle max_lr=0.4 pct_start=0.25")
def onecycle(
    max_lr: Annotated[float | None, Above(0)] = None,
    *,
    pct_start: Share = 0.3,
    anneal_strategy: Literal["cos", "linear"] = "cos",
    cycle_momentum: bool = True,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
    three_phase: bool = False,
) -> None:
    """Raises the rate to `max_lr` in the first `pct_start` of the training, then lowers it to almost nothing.

    `max_lr` left out is the optimizer's `lr`; layers with a rate of their own keep its ratio to `lr`. The momentum,
    where the optimizer has one, goes the other way (Smith, Topin 2017).
    """
