"""Schedules of the learning rate, stepped every batch: factors of the optimizer's rate as functions of the step.

Being functions, they are the same whether a run goes through or is resumed. The shapes are torch's; lengths are given
in epochs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Self

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

Factor = Callable[[float, float], float]
"""From the epochs after the warm-up and the epochs it then takes to the end, to what the rate is multiplied by."""


class Steps(int):
    """How many optimizer steps a training has, which knows how many of them are an epoch.

    Of a plain number of steps each counts as an epoch.
    """

    per_epoch: float

    def __new__(cls, total: int, per_epoch: float) -> Self:
        """`Steps(450, 45)` are ten epochs."""
        steps = super().__new__(cls, total)
        steps.per_epoch = per_epoch
        return steps

    def __getnewargs__(self) -> tuple[int, float]:  # type: ignore[override]  # int's own has one
        return int(self), self.per_epoch  # what pickle needs on the way to another process


def constant(optimizer: Optimizer, steps: int, warmup: float = 0.0) -> LRScheduler:
    """The rate itself."""
    return _scheduler(optimizer, steps, warmup, lambda _, __: 1.0)


def cosine(
    optimizer: Optimizer, steps: int, t_max: float | None = None, eta_min: float = 0.0, warmup: float = 0.0
) -> LRScheduler:
    """Half a cosine wave from the rate to `eta_min`, then `eta_min`."""

    def factor_of(rate: float) -> Factor:
        floor = eta_min / rate if rate else 0.0
        return lambda at, end: floor + (1 - floor) * (1 + math.cos(math.pi * _share(at, t_max or end))) / 2

    return _scheduler(optimizer, steps, warmup, *(factor_of(group["lr"]) for group in optimizer.param_groups))


def linear(
    optimizer: Optimizer, steps: int, start_factor: float = 1.0, end_factor: float = 0.0, warmup: float = 0.0
) -> LRScheduler:
    """A straight line between two factors."""
    change = end_factor - start_factor
    return _scheduler(optimizer, steps, warmup, lambda at, end: start_factor + change * _share(at, end))


def polynomial(optimizer: Optimizer, steps: int, power: float = 1.0, warmup: float = 0.0) -> LRScheduler:
    """(1 − t)^power."""
    return _scheduler(optimizer, steps, warmup, lambda at, end: (1 - _share(at, end)) ** power)


def exponential(optimizer: Optimizer, steps: int, gamma: float, warmup: float = 0.0) -> LRScheduler:
    """`gamma` an epoch."""
    return _scheduler(optimizer, steps, warmup, lambda at, _: gamma**at)


def step(optimizer: Optimizer, steps: int, step_size: float, gamma: float = 0.1, warmup: float = 0.0) -> LRScheduler:
    """`gamma` each `step_size` epochs, counted from the first step of all."""
    return _scheduler(optimizer, steps, warmup, lambda at, _: gamma ** _whole((at + warmup) / step_size))


def multistep(
    optimizer: Optimizer, steps: int, milestones: Sequence[float], gamma: float = 0.1, warmup: float = 0.0
) -> LRScheduler:
    """`gamma` at each milestone."""

    def factor(at: float, _: float) -> float:
        return gamma ** sum(_whole((at + warmup) / milestone) >= 1 for milestone in milestones)

    return _scheduler(optimizer, steps, warmup, factor)


def onecycle(
    optimizer: Optimizer, steps: int, max_lr: float | None = None, *, cycle_momentum: bool = True, **arguments: object
) -> LRScheduler:
    """`OneCycleLR` over the whole training; the momentum cycles only where the optimizer has one.

    `max_lr` takes the place of the optimizer's rate, and the rates of single groups keep their ratio to it.
    """
    rate = float(optimizer.defaults.get("lr") or 0.0)
    scale = max_lr / rate if max_lr and rate else 1.0
    own = [float(group["lr"]) for group in optimizer.param_groups]
    highest = [max_lr if max_lr and one == rate else one * scale for one in own]
    cycles = cycle_momentum and bool({"momentum", "betas"} & optimizer.defaults.keys())
    return OneCycleLR(optimizer, highest, total_steps=steps, cycle_momentum=cycles, **arguments)  # type: ignore[arg-type]


def _scheduler(optimizer: Optimizer, steps: int, warmup: float, *factors: Factor) -> LRScheduler:
    """A scheduler whose factor rises in equal steps for `warmup` epochs and then follows `factors`, one a group."""
    per_epoch = steps.per_epoch if isinstance(steps, Steps) else 1.0
    rising = round(warmup * per_epoch)
    rest = max(steps - rising, 1) / per_epoch

    def over_steps(factor: Factor) -> Callable[[int], float]:
        return lambda at: (at + 1) / (rising + 1) if at < rising else factor((at - rising) / per_epoch, rest)

    found = [over_steps(factor) for factor in factors]
    return LambdaLR(optimizer, found if len(found) > 1 else found * len(optimizer.param_groups))


def _share(at: float, end: float) -> float:
    return min(at / end, 1.0)


def _whole(number: float) -> int:
    """Rounded down, a hair below a whole number counting as that number: 29.999999999999996 epochs are 30."""
    return math.floor(number + 1e-9)
