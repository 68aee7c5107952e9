"""What a run records: which numbers, when, and where.

    when                                 which numbers                                      where
    every `train every=` steps, and      train/loss (the mean since the last line),         the loggers
    after the first one                  train/lr
    at the end of each epoch, after      epoch, train/epoch_loss, train/eval_loss,          the loggers, the history
    the test                             test/loss, train/lr, and train/METRIC and
                                         test/METRIC for each metric with a single value
    every `train histograms=` epochs     weights and gradients                              TensorBoard
    once, before the first of them       the net's graph, some samples, the settings        TensorBoard

The loggers are `metrics.jsonl`, which every run has, and those of the file's `loggers` line, or else TensorBoard. The
history is in each checkpoint and, for the best epoch and the last, in `run.json`. Only the first process of a team has
loggers; what it records is summed over all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypedDict

from torch import Tensor

from netdsl.builder import create
from netdsl.core.files import is_full
from netdsl.core.text import text
from netdsl.data import Data
from netdsl.program import Experiment
from netdsl.runs.folder import RunFolder
from netdsl.runs.history import EPOCH_LOSS, TRAIN_LOSS, Epoch, EpochState, History
from netdsl.training.learner import Learner
from netdsl.training.pace import Pace
from netdsl.training.reporting.loggers import Jsonl, Metrics, RunLogger
from netdsl.training.reporting.tensorboard import SAMPLES, Beside, TensorBoard, settings_of
from netdsl.training.running_loss import Losses, RunningMean


class Diverged(Exception):
    """The loss of a step was NaN or infinite."""

    def __init__(self, step: int) -> None:
        super().__init__(text("the loss of step {step} is not finite", step=step))
        self.step = step


class RecorderState(TypedDict):
    """What a checkpoint holds of a recorder."""

    losses: list[float]
    history: list[EpochState]
    logs: int


class Recorder:
    """The losses, the loggers and the history of a run. All processes of a team call it at the same steps."""

    def __init__(self, learner: Learner, history: History, loggers: Loggers) -> None:
        self.learner, self.history, self.loggers = learner, history, loggers
        self.losses = Losses()
        self.pace = Pace(learner, self.losses)

    def begin_epoch(self) -> None:
        """Starts the clock of an epoch."""
        self.pace.begin_epoch()

    def step_ended(self) -> None:
        """Logs the training loss and the learning rate, every so many steps."""
        if self._is_logged(self.learner.step):
            metrics = {"train/loss": self._settle(self.losses.recent), "train/lr": self.learner.rate}
            self.loggers.log(metrics, self.learner.step)
            self.losses.recent = RunningMean()

    def training_ended(self) -> None:
        """Takes the epoch's training loss and rate, before the test, whose time is not in the rate."""
        self._train_loss = self._settle(self.losses.epoch)
        self._rate = self.pace.rate

    def epoch_ended(self, test: Mapping[str, Any], train: Mapping[str, Any]) -> Epoch:
        """Records an epoch with its results on the test set and on training samples; starts the means of the next."""
        measured = {name: value.tolist() if isinstance(value, Tensor) else value for name, value in train.items()}
        epoch = Epoch(
            number=self.learner.epoch,
            step=self.learner.step,
            train_loss=self._train_loss,
            test={name: value.tolist() if isinstance(value, Tensor) else value for name, value in test.items()},
            rate=self._rate,
            seconds=self.pace.epoch_seconds,
            train={name: value for name, value in measured.items() if isinstance(value, int | float)},
        )
        self.losses.epoch = RunningMean()
        self.history.add(epoch)
        # The learning rate too, or the curve of a short run would be a straight line.
        rate = {} if self._is_logged(epoch.step) else {"train/lr": self.learner.rate}
        self.loggers.log({"epoch": epoch.number} | epoch.scalars | rate, epoch.step)
        return epoch

    def require_finite(self) -> None:
        """Waits for the losses of all steps taken.

        Raises:
            Diverged: one of them is not finite, so that the weights are not worth keeping.
        """
        self._settle(self.losses.epoch)

    def state_dict(self) -> RecorderState:
        """What has been recorded; in a team every process must call it."""
        return {
            "losses": self.learner.team.sum(self.losses.state_dict()),
            "history": self.history.state_dict(),
            "logs": self.loggers.count,
        }

    def load_state_dict(self, state: RecorderState) -> None:
        """Goes on after the step of a checkpoint, which the learner stands at already."""
        if self.learner.team.is_rank0:  # the sums of all processes, which must be counted once
            self.losses.load_state_dict(state["losses"])
        self.history.load_state_dict(state["history"])
        self.loggers.resume(self.learner.step, state["logs"])
        self.pace.restart()

    def _is_logged(self, step: int) -> bool:
        """Whether a step is logged: every so many, and the first, so that the shortest run has a curve too."""
        return step % self.learner.settings.every == 0 or step == 1

    def _settle(self, mean: RunningMean) -> float:
        """The value of a mean over the whole team; all processes learn of a loss that is not finite."""
        self.losses.settle()
        bad = self.losses.bad
        total, samples, diverged = self.learner.team.sum([mean.total, mean.samples, bad is not None])
        if diverged:
            beyond = self.learner.steps + 1
            raise Diverged(-int(self.learner.team.max([-(beyond if bad is None else bad)])[0]))
        return RunningMean(total, int(samples)).value


class Loggers:
    """Several loggers as one. One that fails is switched off with a warning; a full disk stops the run instead."""

    def __init__(self, loggers: Iterable[RunLogger], warn: Callable[[str], None]) -> None:
        self._loggers = list(loggers)
        self._warn = warn
        self.count = 0

    def begin(self, beside: Beside | None) -> None:
        """Gives TensorBoard, and loggers like it, what can be shown beside the numbers."""
        self._call_each("begin", beside)

    def resume(self, step: int, count: int) -> None:
        """Has the loggers go on after a step at which `log` had been called `count` times."""
        self.count = count
        self._call_each("resume", step, count)

    def log(self, metrics: Metrics, step: int) -> None:
        """Logs the numbers of a step; NaN and infinity, which JSON and curves cannot hold, are left out."""
        self.count += 1
        self._call_each("log", {name: value for name, value in metrics.items() if math.isfinite(value)}, step)

    def add_histograms(self, values: Mapping[str, Tensor], step: int) -> None:
        """Gives TensorBoard, and loggers like it, the numbers of whole tensors."""
        self._call_each("add_histograms", values, step)

    def flush(self) -> None:
        """Puts on the disk what has been logged."""
        self._call_each("flush")

    def close(self) -> None:
        """Closes each logger; an error is ignored, for what had to be kept has been flushed before."""
        for logger in self._loggers:
            with suppress(Exception):
                logger.close()

    def _call_each(self, method: str, *arguments: object) -> None:
        for logger in tuple(self._loggers):
            try:
                getattr(logger, method, _do_nothing)(*arguments)
            except Exception as error:  # a logger may fail in any way; training goes on
                if is_full(error):
                    raise
                self._loggers.remove(logger)
                with suppress(Exception):
                    logger.close()
                self._warn(
                    text(
                        "the logger {logger} is switched off: {kind}: {error}",
                        logger=type(logger).__name__,
                        kind=type(error).__name__,
                        error=str(error),
                    )
                )


def open_loggers(
    experiment: Experiment,
    data: Data,
    folder: RunFolder,
    learner: Learner,
    history: History,
    warn: Callable[[str], None],
) -> Loggers:
    """The loggers of a run: `metrics.jsonl` always; those of the file, or else TensorBoard."""
    chosen: list[RunLogger] = []
    if learner.team.is_rank0:
        asked = [create(use, folder.path) for use in experiment.loggers] or [TensorBoard(folder.path)]
        chosen = [Jsonl(folder.path), *(logger for logger in asked if not isinstance(logger, Jsonl))]
    loggers = Loggers(chosen, warn)
    loggers.begin(_beside(experiment, data, learner, history))
    return loggers


def shows_curves(experiment: Experiment) -> bool:
    """Whether TensorBoard can show the run."""
    names = [use.component.name for use in experiment.loggers]
    return not names or "tensorboard" in names


def _beside(experiment: Experiment, data: Data, learner: Learner, history: History) -> Beside | None:
    """What TensorBoard shows beside the curves; a sharded net, of which each process has a part, cannot be traced."""
    if learner.is_sharded:
        return None
    names = [name for name in history.metrics if name != "confusion"]
    # Without samples of the training set that are tested, the loss of its steps is all that is known of it.
    measured = learner.settings.test_train > 0
    charts = {"loss": (TRAIN_LOSS if measured else EPOCH_LOSS, "test/loss")}
    charts |= {name: (f"train/{name}", f"test/{name}") for name in names if measured}
    few = data.test.batched(SAMPLES)
    return Beside(
        learner.module,
        lambda: next(iter(few.epoch(0))).x,
        settings_of(experiment),
        tuple(f"test/{name}" for name in ("loss", *names)),
        charts,
    )


def _do_nothing(*_: object) -> None:
    """What a logger without an optional method does."""
