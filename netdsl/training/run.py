"""What surrounds the loop: a run logs, shows, saves itself, and stops when it must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from torch import Tensor, nn
from torchmetrics import Metric

from netdsl.data import Batch
from netdsl.training.checkpoint import Checkpoint
from netdsl.training.errors import Interrupted, TrainingError
from netdsl.training.folder import RunFolder, reason
from netdsl.training.history import Epoch, History
from netdsl.training.learner import Learner
from netdsl.training.loggers import Loggers
from netdsl.training.losses import Losses, Mean
from netdsl.training.progress import Display
from netdsl.training.report import EpochTable, Moment
from netdsl.training.signals import StopSignal


def copied(module: nn.Module) -> dict[str, Tensor]:
    """A copy of a net's weights."""
    return {name: value.clone() for name, value in module.state_dict().items()}


class Diverged(Exception):
    """The loss of a step was NaN or infinite."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the loss of step {step} is not finite")
        self.step = step


@dataclass(frozen=True)
class Saving:
    """How often a checkpoint is written: every so many steps, or every so many seconds."""

    steps: int | None = None
    seconds: float = 30.0


@dataclass(kw_only=True)
class Run:
    """A run in progress.

    Args:
        batches: how many batches an epoch has.
        epochs: how many epochs there will be.
        classes: whether the net's outputs are scores of classes, so that an accuracy can be shown.
    """

    folder: RunFolder
    learner: Learner
    history: History
    metrics: Mapping[str, Metric]
    loggers: Loggers
    display: Display
    stop: StopSignal
    saving: Saving
    batches: int
    epochs: int
    classes: bool
    losses: Losses = field(default_factory=Losses)

    def __post_init__(self) -> None:
        self._table = EpochTable(self.history.metrics, self.display.unit)
        self._unsaved: dict[int, dict[str, Tensor]] = {}
        self._accuracy = Mean()
        self._began = self._saved = monotonic()
        self._first = self.learner.step
        self._elapsed = 0.0

    @property
    def seconds(self) -> float:
        """How long the run has taken, interruptions left out."""
        return self._elapsed + monotonic() - self._began

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to do: every step taken, or patience lost."""
        learner = self.learner
        return learner.finished or (learner.batch == 0 and self.history.stalled(learner.settings.patience))

    def resume(self, checkpoint: Checkpoint) -> None:
        """Goes on where a checkpoint was written."""
        self.learner.load_state_dict(checkpoint.state)
        self.losses.load_state_dict(checkpoint.state["losses"])
        self.history.load_state_dict(checkpoint.state["history"])
        self._elapsed = checkpoint.state["seconds"]
        self.loggers.resume(self.learner.step, checkpoint.state["logs"])
        self._first = self.learner.step

    def epoch_began(self) -> None:
        """Starts the clock of an epoch."""
        self._epoch_began, self._before, self._accuracy = monotonic(), self.losses.epoch.samples, Mean()
        if self.learner.epoch == 0 and self.learner.step == self._first:
            self.display.line(self._table.heading)

    def step_ended(self, output: Tensor, target: Tensor) -> None:
        """Called after every optimizer step: what it does not need to know, it does not wait for."""
        step = self.learner.step
        if step % self.learner.settings.every == 0:
            self._log_step()
        if self.display.due:
            self._show(output, target)
        if self._save_due(step):
            self.save()
        self._stop_if_asked()

    def until_stopped(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches, for as long as nobody asks the run to stop."""
        for batch in batches:
            self._stop_if_asked()
            yield batch

    def training_ended(self) -> None:
        """Called when the epoch's last step is taken, before the test set."""
        self._settle()
        self._rate = self._samples_a_second()

    def epoch_ended(self, test: Mapping[str, Any]) -> None:
        """Called with the results on the test set; the learner stands at the beginning of the next epoch."""
        epoch = Epoch(
            number=self.learner.epoch,
            step=self.learner.step,
            train_loss=self.losses.epoch.value,
            test={name: value.tolist() if isinstance(value, Tensor) else value for name, value in test.items()},
            rate=self._rate,
            seconds=monotonic() - self._epoch_began,
        )
        self.losses.epoch = Mean()
        self.history.add(epoch)
        best = {epoch.number for epoch in self._best}
        self._unsaved = {number: weights for number, weights in self._unsaved.items() if number in best}
        if epoch.number in best:
            self._unsaved[epoch.number] = copied(self.learner.weights)
        self.loggers.log({"epoch": epoch.number} | epoch.scalars, epoch.step)
        self.display.line(self._table.row(epoch))

    def save(self) -> None:
        """Writes a checkpoint, and the best weights where they are new."""
        self._settle()
        try:
            self.loggers.flush()
            self._save_best()
            self.folder.checkpoints.save(self.learner.step, Checkpoint(self.folder.net, self._state()))
            self.folder.keep_epochs({epoch.number for epoch in self._best})
            self.describe("running")
        except OSError as error:
            raise self._failure(error) from error
        self._saved = monotonic()

    def finish(self) -> None:
        """Writes the last checkpoint and the weights."""
        self.save()
        try:
            last = {"epoch": self.learner.epoch} | self.history.epochs[-1].scalars
            self.folder.save_weights(self.folder.weights, self.learner.weights.state_dict(), last)
            self.describe("finished")
        except OSError as error:
            raise self._failure(error) from error

    def describe(self, status: str) -> None:
        """Tells in `run.json` how far the run has come."""
        self.folder.describe(status=status, seconds=round(self.seconds, 1), **self.history.summary)

    def _stop_if_asked(self) -> None:
        if self.stop.number:
            self.save()
            self.describe("stopped")
            raise Interrupted(self.stop.number, self.folder.path, self.learner.step)

    def _state(self) -> dict[str, Any]:
        return self.learner.state_dict() | {
            "losses": self.losses.state_dict(),
            "history": self.history.state_dict(),
            "logs": self.loggers.count,
            "seconds": self.seconds,
        }

    def _settle(self) -> None:
        self.losses.settle()
        if self.losses.bad is not None:
            raise Diverged(self.losses.bad)

    def _log_step(self) -> None:
        self._settle()
        self.loggers.log({"train/loss": self.losses.recent.value, "train/lr": self.learner.rate}, self.learner.step)
        self.losses.recent = Mean()

    def _show(self, output: Tensor, target: Tensor) -> None:
        self._settle()
        if self.classes:
            classes = target.argmax(1) if target.is_floating_point() else target
            self._accuracy.add((output.argmax(1) == classes).double().mean().item(), len(target))
        learner, now = self.learner, monotonic()
        done = learner.step - self._first
        self.display.show(
            Moment(
                epoch=learner.epoch + 1,
                epochs=self.epochs,
                batch=learner.batch,
                batches=self.batches,
                loss=self.losses.epoch.value,
                accuracy=self._accuracy.value if self.classes else None,
                rate=self._samples_a_second(),
                remaining=(now - self._began) / done * (learner.steps - learner.step),
            )
        )

    def _samples_a_second(self) -> float:
        return (self.losses.epoch.samples - self._before) / max(monotonic() - self._epoch_began, 1e-9)

    def _save_due(self, step: int) -> bool:
        if self.saving.steps:
            return step % self.saving.steps == 0
        return monotonic() - self._saved >= self.saving.seconds

    @property
    def _best(self) -> list[Epoch]:
        return self.history.top(self.learner.settings.keep)

    def _save_best(self) -> None:
        for epoch in self._best:
            if weights := self._unsaved.pop(epoch.number, None):
                about = {"epoch": epoch.number} | epoch.scalars
                self.folder.save_weights(self.folder.weights_of(epoch.number), weights, about)
        self._unsaved.clear()

    def _failure(self, error: OSError) -> TrainingError:
        steps = self.folder.checkpoints.steps()
        kept = f"the checkpoint of step {steps[-1]:,} is whole" if steps else "no checkpoint had been written yet"
        return TrainingError(
            f"cannot save step {self.learner.step:,} in `{self.folder.path}`: {reason(error)}",
            f"{kept}; make room, then go on with `netdsl run --resume {self.folder.path}`",
        )
