"""Who looks on while a net is trained: shown the learner as it goes, and not able to change how it learns."""

from __future__ import annotations

from typing import Protocol

from netdsl.data import Data
from netdsl.runs.folder import RunFolder
from netdsl.runs.history import Epoch, History
from netdsl.training.learner import Learner


class Follower(Protocol):
    """What `train(follower=…)` calls, in the thread that trains. What it does with the net must leave it as it was."""

    def run_started(self, folder: RunFolder, learner: Learner, data: Data, history: History) -> None:
        """The run is about to take its first step, or its first one after `--resume`."""

    def step_ended(self) -> None:
        """A step is taken; a run that is stopped now is saved with it."""

    def epoch_ended(self, epoch: Epoch) -> None:
        """An epoch is tested; a run that is stopped now is saved with it, before another step."""


class Unfollowed:
    """Nobody looks on."""

    def run_started(self, folder: RunFolder, learner: Learner, data: Data, history: History) -> None:
        """Does nothing."""

    def step_ended(self) -> None:
        """Does nothing."""

    def epoch_ended(self, epoch: Epoch) -> None:
        """Does nothing."""
