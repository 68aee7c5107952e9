"""What stops a run, said to the person who started it."""

from __future__ import annotations

import signal
from pathlib import Path


class TrainingError(Exception):
    """A run that cannot start or go on: what happened, and what to do about it."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __reduce__(self) -> tuple[type[TrainingError], tuple[str, str | None]]:
        return type(self), (self.message, self.help)  # so that the help survives the way to another process


class Echo(TrainingError):
    """What stopped the first process of a team and thereby this one: it is said there."""


class PeerLost(TrainingError):
    """Another process of the team has died, and with it what they compute together: no reason to give up."""


class Interrupted(KeyboardInterrupt):
    """A run that was asked to stop and has saved itself.

    Args:
        number: the signal that asked for it.
        folder: the run's folder, from which it resumes.
        step: the step that it finished.
        leads: whether this process is the one of its team that says so.
    """

    def __init__(self, number: int, folder: Path, step: int, *, leads: bool = True) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name} after step {step:,}, which is saved")
        self.number = number
        self.folder = folder
        self.leads = leads

    @property
    def exit_status(self) -> int:
        """What a shell expects of a program that a signal ended: 130 or 143."""
        return 128 + self.number
