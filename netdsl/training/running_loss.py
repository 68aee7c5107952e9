"""The training loss as a run reports it: it stays on its device until a number is needed, for a number costs a wait."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class RunningMean:
    """A mean of losses; each loss counts as many times as it has samples."""

    total: float = 0.0
    samples: int = 0

    def add(self, loss: float, samples: int) -> None:
        """Adds the mean loss of some samples."""
        self.total += loss * samples
        self.samples += samples

    @property
    def value(self) -> float:
        """The mean; NaN where nothing was added."""
        return self.total / self.samples if self.samples else math.nan


@dataclass
class Losses:
    """The losses of the steps taken: their mean since the last log line, and their mean in this epoch.

    Args:
        bad: the first step with a loss that is NaN or infinite; None if there was none.
    """

    recent: RunningMean = field(default_factory=RunningMean)
    epoch: RunningMean = field(default_factory=RunningMean)
    bad: int | None = None
    _waiting: list[tuple[Tensor, int, int]] = field(default_factory=list)

    def add(self, loss: Tensor, samples: int, step: int) -> None:
        """Keeps the loss of a batch on its device: `.item()` here would make the CPU wait for every step."""
        self._waiting.append((loss, samples, step))

    def settle(self) -> None:
        """Waits for the device, and adds the losses that were kept. The means do not depend on when this happens."""
        if not self._waiting:
            return
        losses, samples, steps = zip(*self._waiting, strict=True)
        self._waiting.clear()
        # The sync point: one transfer for all the losses since the last one.
        for loss, count, step in zip(torch.stack(losses).tolist(), samples, steps, strict=True):
            if self.bad is None and not math.isfinite(loss):
                self.bad = step
            self.recent.add(loss, count)
            self.epoch.add(loss, count)

    def state_dict(self) -> list[float]:
        """Both means as sums, so that those of several processes may be added."""
        self.settle()
        return [self.recent.total, self.recent.samples, self.epoch.total, self.epoch.samples]

    def load_state_dict(self, state: list[float]) -> None:
        """Restores both means."""
        recent, recent_samples, epoch, epoch_samples = state
        self.recent, self.epoch = RunningMean(recent, int(recent_samples)), RunningMean(epoch, int(epoch_samples))
