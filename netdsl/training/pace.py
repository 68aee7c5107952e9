"""How fast a run goes."""

from __future__ import annotations

from time import monotonic

from netdsl.training.learner import Learner
from netdsl.training.running_loss import Losses


class Pace:
    """How fast a run goes: its rate in this epoch, the seconds of this epoch, and those to the end of the training."""

    def __init__(self, learner: Learner, losses: Losses) -> None:
        self._learner, self._losses = learner, losses
        self.restart()

    def restart(self) -> None:
        """Forgets what was measured: a restored run, or one that has just been compiled, is as fast as it is now."""
        self._began, self._first_step = monotonic(), self._learner.step
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Starts the clock of an epoch."""
        self._epoch_began, self._samples_before = monotonic(), self._losses.epoch.samples

    @property
    def epoch_seconds(self) -> float:
        """The seconds since the epoch began."""
        return monotonic() - self._epoch_began

    @property
    def rate(self) -> float:
        """Training samples a second in this epoch, over all processes; of the losses that are settled."""
        samples = (self._losses.epoch.samples - self._samples_before) * self._learner.team.world
        return samples / max(self.epoch_seconds, 1e-9)

    @property
    def remaining(self) -> float:
        """The seconds to the end of the training, at the pace of the steps so far."""
        done = self._learner.step - self._first_step
        return (monotonic() - self._began) / max(done, 1) * (self._learner.steps - self._learner.step)
