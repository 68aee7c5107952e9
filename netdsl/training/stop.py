"""When a run ends, and when it saves itself: every step taken, patience lost, a plugin's wish, Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from time import monotonic
from types import FrameType

from netdsl.core.errors import Interrupted
from netdsl.data import Batch
from netdsl.runs.checkpointer import Checkpointer
from netdsl.training.learner import Learner

WATCHED = (signal.SIGINT, signal.SIGTERM)

AGREEMENT = 0.5
"""Seconds, about, between two questions of a team whether to save or to stop: each question is a collective."""

MOST_STEPS = 100
"""The most steps between two such questions."""


class StopSignal:
    """A context in which the first Ctrl-C or SIGTERM is noted in `number`; the second acts as it would have.

    With `patient` the second does nothing either: a launcher passes on what the terminal has sent already. Outside the
    main thread, where Python delivers no signals, nothing is noted.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self.number: int | None = None
        self._patient = patient
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopSignal:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in WATCHED}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.number = self.number or number
        if not self._patient:
            self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what `signal.signal` has returned
        self._before.clear()


class Stop:
    """Decides when a run saves and when it ends. The processes of a team agree on both.

    Args:
        signal: what was sent to this process.
    """

    def __init__(self, learner: Learner, checkpointer: Checkpointer, signal: StopSignal) -> None:
        self._learner, self._checkpointer, self._signal = learner, checkpointer, signal
        self._has_ended = False
        self._next_question = learner.step
        self._last_question = learner.step, monotonic()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to do: every step is taken, patience is lost, or a plugin has ended the run."""
        learner = self._learner
        at_epoch_end = learner.batch == 0  # a run that was cut inside an epoch finishes it first
        history = self._checkpointer.recorder.history
        return (
            self._has_ended or learner.is_finished or (at_epoch_end and history.is_stalled(learner.settings.patience))
        )

    def end(self) -> None:
        """Ends the run with the epoch that is over."""
        self._has_ended = True

    def after_step(self) -> None:
        """Saves the run where a checkpoint is due; saves and ends it where a signal has come.

        Raises:
            Interrupted: it has been ended.
        """
        number, is_due = self._ask_team()
        if number:
            self._checkpointer.save("stopped")
            raise self._interrupted(number)
        if is_due:
            self._checkpointer.save()

    def after_epoch(self) -> None:
        """The same between two epochs, so that a run can be stopped with an epoch and not a step after it."""
        if not self.is_over:
            self.after_step()

    def watch_test(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches of a test, until a signal comes. A team finishes its test: a process alone must not leave it."""
        for batch in batches:
            if self._signal.number and self._learner.team.alone:
                self._checkpointer.save("stopped")
                raise self._interrupted(self._signal.number)
            yield batch

    def _interrupted(self, number: int) -> Interrupted:
        learner = self._learner
        return Interrupted(number, self._checkpointer.folder.path, learner.step, reports=learner.team.is_rank0)

    def _ask_team(self) -> tuple[int, bool]:
        """The signal that has come to any process (0: none), and whether a checkpoint is due."""
        team, checkpointer = self._learner.team, self._checkpointer
        if team.alone:
            return self._signal.number or 0, checkpointer.is_due
        # A checkpoint every so many steps is due for all processes at the same step; one every so many seconds is not.
        due_for_all = checkpointer.saving.steps is not None and checkpointer.is_due
        if self._learner.step < self._next_question and not due_for_all:
            return 0, False
        of_rank0 = [checkpointer.is_due, self._count_steps_to_next_question()] if team.is_rank0 else [0, 0]
        number, is_due, steps = team.max([self._signal.number or 0, *of_rank0])
        self._next_question = self._learner.step + int(steps)
        return int(number), bool(is_due)

    def _count_steps_to_next_question(self) -> int:
        """How many steps the team may take until it asks again, at the pace of those since the last question."""
        step, moment = self._last_question
        self._last_question = self._learner.step, monotonic()
        pace = (self._learner.step - step) / max(self._last_question[1] - moment, 1e-9)
        return max(1, min(MOST_STEPS, int(pace * AGREEMENT)))
