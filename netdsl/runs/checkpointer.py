"""What a run leaves on the disk while it goes, so that nothing is lost: checkpoints, the best weights, `run.json`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from torch import Tensor

from netdsl.core.errors import TrainingError
from netdsl.training.learner import Learner
from netdsl.training.reporting.loggers import Loggers
from netdsl.runs.checkpoint import Checkpoint
from netdsl.core.files import reason
from netdsl.runs.folder import RunFolder
from netdsl.runs.history import Epoch, History

State = dict[str, Any]


@dataclass(frozen=True)
class Saving:
    """How often a checkpoint is written: every so many steps, or every so many seconds."""

    steps: int | None = None
    seconds: float = 30.0


@dataclass(kw_only=True)
class Saver:
    """Writes what a run has come to. All processes of a team call it at the same step; the first of them writes."""

    folder: RunFolder
    learner: Learner
    history: History
    loggers: Loggers
    saving: Saving
    elapsed: float = 0.0
    _kept: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self._saved = monotonic()
        self._step = self.learner.step

    @property
    def seconds(self) -> float:
        """How long the run has taken, interruptions left out."""
        return self.elapsed + monotonic() - self._began

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        if self.saving.steps:
            return self.learner.step - self._step >= self.saving.steps
        return monotonic() - self._saved >= self.saving.seconds

    def keep_best(self) -> None:
        """Holds on to the weights of the epoch that has just ended, if it is one of the best."""
        best = self._best()
        self._kept = {number: weights for number, weights in self._kept.items() if number in best}
        if (number := self.history.epochs[-1].number) in best:
            self._kept[number] = self.learner.copied_weights()

    def save(self, losses: State, status: str = "running") -> None:
        """Writes a checkpoint, the best weights where they are new, and how far the run has come."""
        state = self.learner.state_dict() | losses | self._progress()
        self.learner.team.on_rank0(partial(self._write, state, status))
        self._saved, self._step = monotonic(), self.learner.step

    def finish(self) -> None:
        """Writes the weights that the run ended with."""
        weights = self.learner.copied_weights()
        about = {"epoch": self.learner.epoch} | self.history.epochs[-1].scalars
        self.learner.team.on_rank0(partial(self._write_end, weights, about))

    def resume(self, state: State) -> None:
        """Goes on where a checkpoint was written."""
        self.history.load_state_dict(state["history"])
        self.elapsed, self._step = state["seconds"], self.learner.step
        self.loggers.resume(self.learner.step, state["logs"])

    def _progress(self) -> State:
        return {"history": self.history.state_dict(), "logs": self.loggers.count, "seconds": self.seconds}

    def _write(self, state: State, status: str) -> None:
        with self.guarded():
            self.loggers.flush()
            best = self._best()
            for number, epoch in best.items():
                if weights := self._kept.get(number):
                    self.folder.save_weights(self.folder.weights_of(number), weights, {"epoch": number} | epoch.scalars)
                    del self._kept[number]
            self.folder.checkpoints.save(self.learner.step, Checkpoint(self.folder.net, state))
            self.folder.keep_epochs(best)
            self._describe(status)

    def _write_end(self, weights: dict[str, Tensor], about: State) -> None:
        with self.guarded():
            self.folder.save_weights(self.folder.weights, weights, about)
            self._describe("finished")

    def _describe(self, status: str) -> None:
        self.folder.describe(status=status, seconds=round(self.seconds, 1), **self.history.summary)

    def _best(self) -> dict[int, Epoch]:
        return {epoch.number: epoch for epoch in self.history.top(self.learner.settings.keep)}

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Says what cannot be written, and what is there."""
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f"cannot save step {self.learner.step:,} in `{self.folder.path}`: {reason(error)}",
                f"make room; {self.kept()}",
            ) from error

    def fail(self) -> None:
        """Notes that the run has ended for good, if that can be noted."""
        if self.learner.team.is_rank0:
            with suppress(OSError):
                self.folder.describe(status="failed")

    def kept(self) -> str:
        """What there is to go on from."""
        steps = self.folder.checkpoints.steps()
        kept = f"the checkpoint of step {steps[-1]:,} is whole" if steps else "no checkpoint had been written yet"
        return f"{kept}: go on with `netdsl run --resume {self.folder.path}`"
