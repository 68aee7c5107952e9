"""What a run writes while it goes, so that nothing is lost: checkpoints, the weights of the best epochs, `run.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from torch import Tensor

from netdsl.core.errors import TrainingError
from netdsl.core.files import is_full, reason
from netdsl.core.text import Text, text
from netdsl.runs.checkpoint import Checkpoint
from netdsl.runs.folder import RunFolder
from netdsl.runs.history import Epoch
from netdsl.runs.source import describe_carried
from netdsl.training.learner import Learner
from netdsl.training.recorder import Recorder


@dataclass(frozen=True)
class Saving:
    """How often a checkpoint is written: every so many steps, or every so many seconds."""

    steps: int | None = None
    seconds: float = 30.0


@dataclass(kw_only=True)
class Checkpointer:
    """Saves a run and restores it. All processes of a team call it at the same step; the first of them writes."""

    folder: RunFolder
    learner: Learner
    recorder: Recorder
    saving: Saving
    _seconds_before: float = field(default=0.0, init=False)
    _kept: dict[int, dict[str, Tensor]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._began = self._saved = monotonic()
        self._saved_step = self.learner.step

    @property
    def seconds(self) -> float:
        """How long the run has taken, interruptions left out."""
        return self._seconds_before + monotonic() - self._began

    @property
    def is_due(self) -> bool:
        """Whether it is time for a checkpoint."""
        if self.saving.steps:
            return self.learner.step - self._saved_step >= self.saving.steps
        return monotonic() - self._saved >= self.saving.seconds

    def keep_best(self) -> None:
        """Keeps the weights of the epoch that has just ended in memory, until `save`, if it is one of the best."""
        best = self._best()
        self._kept = {number: weights for number, weights in self._kept.items() if number in best}
        if (number := self.recorder.history.epochs[-1].number) in best:
            self._kept[number] = self.learner.copy_weights()

    def save(self, status: str = "running") -> None:
        """Writes a checkpoint, the best weights where they are new, and how far the run has come."""
        self.recorder.require_finite()
        state = self.learner.state_dict() | self.recorder.state_dict() | {"seconds": self.seconds}
        self.learner.team.on_rank0(partial(self._write, state, status))
        self._saved, self._saved_step = monotonic(), self.learner.step

    def finish(self) -> None:
        """Writes the last checkpoint, and the weights that the run ended with."""
        self.save()
        weights = self.learner.copy_weights()
        about = {"epoch": self.learner.epoch} | self.recorder.history.epochs[-1].scalars
        self.learner.team.on_rank0(partial(self._write_end, weights, about))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from a checkpoint.

        Raises:
            TrainingError: it is of a run with other settings.
        """
        try:
            self.learner.load_state_dict(dict(state))
        except (KeyError, ValueError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "loading state_dict" not in str(error):
                raise
            raise TrainingError(
                text(
                    "the checkpoint of step {step:,} in `{folder}` is of a run with other settings",
                    step=state["position"][-1],
                    folder=self.folder.path,
                ),
                "resume a run with the settings and the plugins that it was begun with",
            ) from error
        self.recorder.load_state_dict({"losses": state["losses"], "history": state["history"], "logs": state["logs"]})
        self._seconds_before, self._saved_step = state["seconds"], self.learner.step

    @contextmanager
    def explain_failed_save(self) -> Iterator[None]:
        """Turns an error of the disk while saving into one that names the step and the last whole checkpoint.

        Raises:
            TrainingError: in the place of an OSError.
        """
        try:
            yield
        except OSError as error:
            raise TrainingError(
                text(
                    "cannot save step {step:,} in `{folder}`: {reason}",
                    step=self.learner.step,
                    folder=self.folder.path,
                    reason=reason(error),
                ),
                text(
                    "make room; {how}" if is_full(error) else "make the folder writable; {how}", how=self.how_to_go_on()
                ),
            ) from error

    def mark_failed(self) -> None:
        """Notes in `run.json` that the run has failed, if that can be written."""
        if self.learner.team.is_rank0:
            with suppress(OSError):
                self.folder.describe(status="failed")

    def how_to_go_on(self) -> Text:
        """What there is to go on from, and the command."""
        steps = self.folder.checkpoints.steps()
        if not steps:
            return text(
                "no checkpoint had been written yet: `netdsl run --resume {folder}` begins the run again",
                folder=self.folder.path,
            )
        return text(
            "the checkpoint of step {step:,} is whole: go on with `netdsl run --resume {folder}`",
            step=steps[-1],
            folder=self.folder.path,
        )

    def _write(self, state: Mapping[str, Any], status: str) -> None:
        with self.explain_failed_save():
            # The loggers first: a checkpoint must not count lines that a power cut could still take away.
            self.recorder.loggers.flush()
            best = self._best()
            for number, epoch in best.items():
                if weights := self._kept.get(number):
                    self.folder.save_weights(self.folder.weights_of(number), weights, {"epoch": number} | epoch.scalars)
                    del self._kept[number]
            checkpoint = Checkpoint(self.folder.net, state, describe_carried(self.folder.about))
            # The checkpoint after the weights that its history names, and before those of other epochs are removed.
            self.folder.checkpoints.save(self.learner.step, checkpoint)
            self.folder.keep_epochs(best)
            self._describe(status)

    def _write_end(self, weights: Mapping[str, Tensor], about: Mapping[str, float]) -> None:
        with self.explain_failed_save():
            self.folder.save_weights(self.folder.weights, weights, about)
            self._describe("finished")

    def _describe(self, status: str) -> None:
        self.folder.describe(status=status, seconds=round(self.seconds, 1), **self.recorder.history.summary)

    def _best(self) -> dict[int, Epoch]:
        best = self.recorder.history.top(self.learner.settings.keep)
        return {epoch.number: epoch for epoch in best}
