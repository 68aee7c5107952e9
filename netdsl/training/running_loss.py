"""The training loss as it is reported: kept on its device until somebody asks, for a number costs a synchronisation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class RunningMean:
    """A mean of losses, each counted as many times as it has samples."""

    total: float = 0.0
    samples: int = 0

    def add(self, loss: float, samples: int) -> None:
        """Counts the loss of a step."""
        self.total += loss * samples
        self.samples += samples

    @property
    def value(self) -> float:
        """The mean; NaN of nothing."""
        return self.total / self.samples if self.samples else math.nan


@dataclass
class Losses:
    """The losses of the steps taken: the mean since the last report, and the mean of the epoch.

    Args:
        bad: the first step with a loss that is NaN or infinite; None if none was met.
    """

    recent: RunningMean = field(default_factory=RunningMean)
    epoch: RunningMean = field(default_factory=RunningMean)
    bad: int | None = None
    _waiting: list[tuple[Tensor, int, int]] = field(default_factory=list)

    def add(self, loss: Tensor, samples: int, step: int) -> None:
        """Keeps the loss of a batch, without waiting for the device to compute it."""
        self._waiting.append((loss, samples, step))

    def settle(self) -> None:
        """Waits for the device and counts what was kept. The means do not depend on when this happens."""
        if not self._waiting:
            return
        losses, samples, steps = zip(*self._waiting, strict=True)
        self._waiting.clear()
        for loss, count, step in zip(torch.stack(losses).tolist(), samples, steps, strict=True):
            if self.bad is None and not math.isfinite(loss):
                self.bad = step
            self.recent.add(loss, count)
            self.epoch.add(loss, count)

    def state_dict(self) -> list[float]:
        """Both means, settled, as numbers that may be added to those of other processes."""
        self.settle()
        return [self.recent.total, self.recent.samples, self.epoch.total, self.epoch.samples]

    def load_state_dict(self, state: list[float]) -> None:
        """Puts both means back."""
        recent, recent_samples, epoch, epoch_samples = state
        self.recent, self.epoch = RunningMean(recent, int(recent_samples)), RunningMean(epoch, int(epoch_samples))
