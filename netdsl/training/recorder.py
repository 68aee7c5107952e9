"""What surrounds the loop: a run logs, shows, saves itself, and stops when it must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from torch import Tensor
from torchmetrics import Metric

from netdsl.core.errors import Interrupted, TrainingError
from netdsl.data import Batch
from netdsl.runs.checkpointer import Saver
from netdsl.runs.history import Epoch
from netdsl.training.learner import Learner
from netdsl.training.machine.device import out_of_memory
from netdsl.training.reporting.console import Display
from netdsl.training.reporting.epoch_table import EpochTable, Progress
from netdsl.training.reporting.numbers import duration
from netdsl.training.reporting.plugin_callbacks import Callbacks
from netdsl.training.running_loss import Losses, RunningMean
from netdsl.training.signals import StopSignal

AGREEMENT = 0.5
"""Seconds, about, after which the processes of a team ask each other whether to save or to stop."""

MOST_STEPS = 100
"""So many steps at most lie between two such questions."""


class Diverged(Exception):
    """The loss of a step was NaN or infinite."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the loss of step {step} is not finite")
        self.step = step


@dataclass(kw_only=True)
class Run:
    """A run in progress.

    Args:
        batches: how many batches an epoch has.
        epochs: how many epochs there will be.
        test_batch: how many samples are evaluated at once, where those of the pipeline are too many.
        classes: whether the net's outputs are scores of classes, so that an accuracy can be shown.
    """

    learner: Learner
    saver: Saver
    callbacks: Callbacks
    metrics: Mapping[str, Metric]
    display: Display
    stop: StopSignal
    batches: int
    epochs: int
    classes: bool
    losses: Losses = field(default_factory=Losses)
    test_batch: int | None = None

    def __post_init__(self) -> None:
        self.table = EpochTable(list(self.metrics), self.display.unit)
        self._accuracy = RunningMean()
        self._began = monotonic()
        self._first = self._asking = self.learner.step
        self._question = self.learner.step, self._began
        self._compiling = self.learner.settings.compile != "off"
        self._ended = False

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to do: every step taken, patience lost, or a plugin content."""
        learner = self.learner
        return (
            self._ended
            or learner.finished
            or (learner.batch == 0 and self.saver.history.stalled(learner.settings.patience))
        )

    def resume(self, state: dict[str, Any]) -> None:
        """Goes on where a checkpoint was written."""
        try:
            self.learner.load_state_dict(state)
        except (KeyError, ValueError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "loading state_dict" not in str(error):
                raise
            step, folder = state["position"][-1], self.saver.folder
            raise TrainingError(
                f"the checkpoint of step {step:,} in `{folder.path}` is of a run with other settings",
                "resume a run with the settings and the plugins that it was begun with",
            ) from error
        if self.learner.team.is_rank0:
            self.losses.load_state_dict(state["losses"])
        self.saver.resume(state)
        self._first = self._asking = self.learner.step

    def epoch_began(self) -> None:
        """Starts the clock of an epoch."""
        self._epoch_began, self._before, self._accuracy = monotonic(), self.losses.epoch.samples, RunningMean()

    def step_ended(self, output: Tensor, target: Tensor) -> None:
        """Called after every optimizer step: what it does not need to know, it does not wait for."""
        if self._compiling:
            self._compiled()
        if self.learner.step % self.learner.settings.every == 0:
            self._log()
        if self.display.due:
            self._show(output, target)
        signal, save = self._asked()
        if save or signal:
            self.save("stopped" if signal else "running")
        if signal:
            raise Interrupted(signal, self.saver.folder.path, self.learner.step, reports=self.learner.team.is_rank0)

    def rescued(self) -> str:
        """Saves a training that cannot go on between two steps, if it can; how to go on."""
        if self.learner.team.alone and self.learner.settings.accumulate == 1:
            with suppress(TrainingError, Diverged):
                self.save("stopped")
        return self.saver.kept()

    def until_stopped(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches of a test, for as long as nobody asks the run to stop."""
        for batch in batches:
            if self.stop.number and self.learner.team.alone:
                self.save("stopped")
                raise Interrupted(self.stop.number, self.saver.folder.path, self.learner.step)
            yield batch

    def halves_test(self, batch: int, error: Exception) -> bool:
        """Whether a test that ran out of memory should be tried with smaller batches, its results being the same."""
        batch = self.test_batch or batch
        if batch == 1 or not self.learner.team.alone or not out_of_memory(error):
            return False
        self.test_batch = batch // 2
        self.display.line(f"out of memory with a test batch of {batch}: going on with {self.test_batch}")
        return True

    def training_ended(self) -> None:
        """Called when the epoch's last step is taken, before the test set."""
        self._train_loss = self._settled(self.losses.epoch)
        self._rate = self._samples_a_second()

    def epoch_ended(self, test: Mapping[str, Any]) -> None:
        """Called with the results on the test set; the learner stands at the beginning of the next epoch."""
        epoch = Epoch(
            number=self.learner.epoch,
            step=self.learner.step,
            train_loss=self._train_loss,
            test={name: value.tolist() if isinstance(value, Tensor) else value for name, value in test.items()},
            rate=self._rate,
            seconds=monotonic() - self._epoch_began,
        )
        self.losses.epoch = RunningMean()
        self.saver.history.add(epoch)
        self.saver.keep_best()
        self.saver.loggers.log({"epoch": epoch.number} | epoch.scalars, epoch.step)
        self.display.line(self.table.row(epoch))
        if reason := self.callbacks.epoch_ended(epoch):
            self._ended = True
            self.display.line(f"ended after epoch {epoch.number} by {reason}")

    def save(self, status: str = "running") -> None:
        """Writes a checkpoint, of nothing but finite losses."""
        self._settled(self.losses.epoch)
        self.saver.save({"losses": self.learner.team.sum(self.losses.state_dict())}, status)

    def finish(self) -> None:
        """Writes the last checkpoint and the weights."""
        self.save()
        self.saver.finish()

    def _log(self) -> None:
        metrics = {"train/loss": self._settled(self.losses.recent), "train/lr": self.learner.rate}
        self.saver.loggers.log(metrics, self.learner.step)
        self.losses.recent = RunningMean()

    def _compiled(self) -> None:
        """Tells what the first step took, in which the net was compiled, and starts the clocks anew."""
        self._compiling = False
        self.losses.settle()
        self.display.line(f"compiled in {duration(monotonic() - self._epoch_began)}, which the times below leave out")
        self._began = self._epoch_began = monotonic()
        self._first, self._before = self.learner.step, self.losses.epoch.samples

    def _settled(self, mean: RunningMean) -> float:
        """The value of a mean, over the whole team; all of it learns of a loss that is not finite."""
        self.losses.settle()
        bad = self.losses.bad
        total, samples, diverged = self.learner.team.sum([mean.total, mean.samples, bad is not None])
        if diverged:
            far = self.learner.steps + 1
            raise Diverged(-int(self.learner.team.max([-(far if bad is None else bad)])[0]))
        return RunningMean(total, int(samples)).value

    def _asked(self) -> tuple[int, bool]:
        """The signal that has come, and whether a checkpoint is due; the processes of a team agree on both."""
        team, saver = self.learner.team, self.saver
        if team.alone:
            return self.stop.number or 0, saver.due
        counted = saver.saving.steps is not None and saver.due  # all count the same steps
        if self.learner.step < self._asking and not counted:
            return 0, False
        leader = [saver.due, self._stride()] if team.is_rank0 else [0, 0]
        signal, save, stride = team.max([self.stop.number or 0, *leader])
        self._asking = self.learner.step + int(stride)
        return int(signal), bool(save)

    def _stride(self) -> int:
        """How many steps there may be up to the next question, at the pace of those since the last."""
        step, moment = self._question
        self._question = self.learner.step, monotonic()
        pace = (self.learner.step - step) / max(self._question[1] - moment, 1e-9)
        return max(1, min(MOST_STEPS, int(pace * AGREEMENT)))

    def _show(self, output: Tensor, target: Tensor) -> None:
        self.losses.settle()
        if self.classes:
            classes = target.argmax(1) if target.is_floating_point() else target
            self._accuracy.add((output.argmax(1) == classes).double().mean().item(), len(target))
        learner, now = self.learner, monotonic()
        done = learner.step - self._first
        self.display.show(
            Progress(
                epoch=learner.epoch + 1,
                epochs=self.epochs,
                batch=learner.batch,
                batches=self.batches,
                loss=self.losses.epoch.value,
                accuracy=self._accuracy.value if self.classes else None,
                rate=self._samples_a_second(),
                remaining=(now - self._began) / max(done, 1) * (learner.steps - learner.step),
            )
        )

    def _samples_a_second(self) -> float:
        samples = (self.losses.epoch.samples - self._before) * self.learner.team.world
        return samples / max(monotonic() - self._epoch_began, 1e-9)
