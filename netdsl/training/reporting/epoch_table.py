"""The lines that a run prints: its header, a row an epoch, the line that moves, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import torch

from netdsl.core.text import text
from netdsl.core.translation import translate
from netdsl.data import Data
from netdsl.program import Experiment
from netdsl.render.cells import right, width
from netdsl.runs.history import Epoch, History
from netdsl.training.machine.device import device_name
from netdsl.training.machine.memory_format import Choice
from netdsl.training.reporting.numbers import amount, clock, duration, number, percent

BAR = 20
LISTED = 10
SCREENFUL = 25
"""The most rows of epochs that are printed without being asked for."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands in the middle of an epoch.

    Args:
        rate: training samples a second.
        remaining: seconds to the end of the training, by its pace so far.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    accuracy: float | None
    rate: float
    remaining: float


class EpochTable:
    """A row an epoch: `epoch  train loss  test loss  accuracy  images/s  time`.

    Args:
        metrics: the names of the metrics.
        unit: what the samples are called, `images` or `samples`.
        every: of how many epochs one has a row; the first has one, and at the end the best and the last.
    """

    def __init__(self, metrics: Sequence[str], unit: str, every: int = 1) -> None:
        self._metrics, self._every = metrics, every
        rate = "images/s" if unit == "images" else "samples/s"
        self.columns = list(map(translate, ["epoch", "train loss", "test loss", *metrics, rate, "time"]))
        self._shown: set[int] = set()
        self._widths = list(map(width, self.columns))

    @property
    def heading(self) -> str:
        """The names of the columns."""
        return self._line(self.columns)

    def fold_heading(self, columns: int) -> str:
        """The names of the columns; on a terminal that is too narrow for a row, one word below the other."""
        if width(self.heading) <= columns:
            return self.heading
        stacks = [column.replace("_", " ").split(" ") for column in self.columns]
        self._widths = [max(map(width, stack)) for stack in stacks]
        high = max(map(len, stacks))
        filled = [[""] * (high - len(stack)) + stack for stack in stacks]
        return "\n".join(self._line(cells) for cells in zip(*filled, strict=True))

    def is_due(self, epoch: Epoch) -> bool:
        """Whether an epoch has a row as soon as it ends; it is then taken to be shown."""
        is_due = epoch.number == 1 or epoch.number % self._every == 0
        if is_due:
            self._shown.add(epoch.number)
        return is_due

    def closing_lines(self, history: History) -> list[str]:
        """The rows of the last epoch and of the best one, if they have none yet.

        The best one comes last, after a line that names it: rows of later epochs are printed already.
        """
        if self._every == 1 or not history.epochs:
            return []
        last, best = history.epochs[-1], history.best
        lines = [] if last.number in self._shown else [self.row(last)]
        if best is not None and best.number not in {*self._shown, last.number}:
            lines += [text("the best epoch:"), self.row(best)]
        return lines

    def cells(self, epoch: Epoch) -> list[str]:
        """The numbers of an epoch, one a column."""
        values = [epoch.train_loss, epoch.test["loss"], *(epoch.test[name] for name in self._metrics)]
        cells = [number(name, value) for name, value in zip(["loss", "loss", *self._metrics], values, strict=True)]
        return [str(epoch.number), *cells, f"{epoch.rate:,.0f}", duration(epoch.seconds)]

    def row(self, epoch: Epoch) -> str:
        """The numbers of an epoch as a line."""
        return self._line(self.cells(epoch))

    def _line(self, cells: Sequence[str]) -> str:
        widths = [max(needed, 5 if place == 0 else 9) for place, needed in enumerate(self._widths)]
        return "  ".join(map(right, cells, widths))


def choose_every(epochs: int) -> int:
    """Of how many epochs one has a row, so that all rows fit on a screen: 1, 2, 5, 10, 20, 50 and so on."""
    rounds = (base * int(10**power) for power in count() for base in (1, 2, 5))
    return next(every for every in rounds if epochs / every <= SCREENFUL)


def header(experiment: Experiment, data: Data, device: torch.device, processes: int, choice: Choice) -> str:
    """What is about to happen, in a line: file, parameters, multiply-adds, device, speed, data."""
    network = experiment.network
    template = (
        "{name}: {params:,} parameters, {macs} multiply-adds; {device}; {choice}; {data}"
        if processes == 1
        else "{name}: {params:,} parameters, {macs} multiply-adds; {device}, {processes} processes; {choice}; {data}"
    )
    return text(
        template,
        name=experiment.source.name,
        params=network.params,
        macs=amount(network.macs) if isinstance(network.macs, int) else network.macs,
        device=device_name(device),
        processes=processes,
        choice=choice,
        data=data.description,
    )


def outcome(history: History, folder: Path, *, curves: bool = True) -> str:
    """The best result, and what to type next; `curves` says that TensorBoard can show some."""
    return best_line(history.best, history.criterion, folder, curves=curves)


def best_line(best: Epoch | None, criterion: str, folder: Path, *, curves: bool = False) -> str:
    """The best epoch by its criterion, and where the run is."""
    if best is None:
        return text("no epoch ended with a loss that is a number; the run is in {folder}", folder=folder)
    template = (
        "best {criterion} {value} in epoch {epoch}; see the curves: tensorboard --logdir {folder}"
        if curves
        else "best {criterion} {value} in epoch {epoch}; the run is in {folder}"
    )
    value = number(criterion, best.test[criterion])
    return text(template, criterion=criterion, value=value, epoch=best.number, folder=folder)


def progress_line(progress: Progress, unit: str, columns: int = 80) -> str:
    """`epoch 3/10 ━━━━━━╌╌╌╌ 312/782  loss 1.2345  accuracy 56.2 %  5,123 images/s  0:42 left`; the bar gives way."""
    parts = [
        f"{progress.batch}/{progress.batches}",
        text("loss {loss:.4f}", loss=progress.loss),
        *([] if progress.accuracy is None else [text("accuracy {share}", share=percent(progress.accuracy, 1))]),
        _rate(progress.rate, unit),
        text("{time} left", time=clock(progress.remaining)),
    ]
    start = text("epoch {epoch}/{epochs}", epoch=progress.epoch, epochs=progress.epochs)
    end = "  ".join(parts)
    room = min(BAR, columns - width(start) - width(end) - 2)
    return f"{start} {bar(progress.batch / max(progress.batches, 1), room)} {end}" if room > 1 else f"{start} {end}"


def _rate(rate: float, unit: str) -> str:
    if unit == "images":
        return text("{rate:,.0f} images/s", rate=rate)
    return text("{rate:,.0f} samples/s", rate=rate)


def decoding_line(done: int, count: int) -> str:
    """`decoding ━━━━╌╌╌╌ 1,280/3,000 images`."""
    return text("decoding {bar} {done:,}/{count:,} images", bar=bar(done / max(count, 1), BAR), done=done, count=count)


def skipped_lines(skipped: Sequence[str]) -> str:
    """The images that `on_error=skip` left out, each with the reason; of many, the first."""
    template = (
        "left out {count:,} image that cannot be read:"
        if len(skipped) == 1
        else "left out {count:,} images that cannot be read:"
    )
    lines = [text(template, count=len(skipped)), *(f"  {each}" for each in skipped[:LISTED])]
    if len(skipped) > LISTED:
        lines.append(text("  and {count:,} more, all of them in run.json", count=len(skipped) - LISTED))
    return "\n".join(lines)


def bar(share: float, cells: int) -> str:
    """`━━━━━━╌╌╌╌`."""
    done = int(cells * share)
    return "━" * done + "╌" * (cells - done)
