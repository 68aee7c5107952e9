"""What a run shows in the middle of an epoch."""

from __future__ import annotations

from torch import Tensor

from netdsl.core.text import text
from netdsl.training.positions import classes_second, positions_of
from netdsl.training.recorder import Recorder
from netdsl.training.reporting.console import Console
from netdsl.training.reporting.epoch_table import Progress
from netdsl.training.reporting.numbers import duration
from netdsl.training.running_loss import RunningMean


class StepDisplay:
    """What the console shows while an epoch trains: the time of compilation, then the line that moves.

    Args:
        batches: the batches of an epoch.
        epochs: the epochs of the whole training.
        has_classes: whether the net's outputs are scores of classes, so that an accuracy can be shown.
    """

    def __init__(self, console: Console, recorder: Recorder, *, batches: int, epochs: int, has_classes: bool) -> None:
        self._console, self._learner = console, recorder.learner
        self._losses, self._pace = recorder.losses, recorder.pace
        self._batches, self._epochs, self._has_classes = batches, epochs, has_classes
        self._accuracy = RunningMean()
        self._is_compiling = self._learner.settings.compile != "off"

    def begin_epoch(self) -> None:
        """Starts the accuracy of an epoch, which is that of the batches at which the line was updated."""
        self._accuracy = RunningMean()

    def step_ended(self, output: Tensor, target: Tensor) -> None:
        """Called after every step with the outputs and targets of its last batch; most often it has nothing to do."""
        if self._is_compiling:
            self._report_compilation()
        if self._console.is_due:
            self._show(output, target)

    def _report_compilation(self) -> None:
        """Says how long the first step took, which compiled the net, and starts the clocks anew without it."""
        self._is_compiling = False
        self._losses.settle()  # waits for the device: otherwise the time of the step would not be in it
        self._console.line(
            text("compiled in {time}, which the times below leave out", time=duration(self._pace.epoch_seconds))
        )
        self._pace.restart()

    def _show(self, output: Tensor, target: Tensor) -> None:
        # The console is due twice a second at most: so rarely may the CPU wait for the device.
        self._losses.settle()
        if self._has_classes:
            found = classes_second(output, positions_of(output, target))
            wanted = target.argmax(1) if target.is_floating_point() else target
            counted = wanted >= 0  # a position may have no class
            right = ((found.argmax(1) == wanted) & counted).sum() / counted.sum().clamp_min(1)
            self._accuracy.add(right.item(), len(target))
        learner = self._learner
        self._console.show(
            Progress(
                epoch=learner.epoch + 1,
                epochs=self._epochs,
                batch=learner.batch,
                batches=self._batches,
                loss=self._losses.epoch.value,
                accuracy=self._accuracy.value if self._has_classes else None,
                rate=self._pace.rate,
                remaining=self._pace.remaining,
            )
        )
