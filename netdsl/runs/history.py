"""What a run has come to so far: a record an epoch, and which of them is the best."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from netdsl.runs.about import EpochResults, EpochSummary

TRAIN_LOSS, EPOCH_LOSS = "train/eval_loss", "train/epoch_loss"
"""The loss of an epoch over training samples: measured as the test's is, and the mean over its steps."""


class EpochState(TypedDict):
    """An epoch as a checkpoint holds it: the fields of `Epoch`."""

    number: int
    step: int
    train_loss: float
    test: dict[str, Any]
    rate: float
    seconds: float
    train: NotRequired[dict[str, float]]


class HistorySummary(TypedDict):
    """What `run.json` tells of a history."""

    criterion: str
    highest: bool
    result: EpochResults


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to.

    Args:
        number: 1 for the first.
        step: how many optimizer steps had been taken at its end.
        train_loss: the mean loss over its samples, each at the step that used it.
        test: the mean loss over the test set, and each metric.
        rate: training samples a second.
        seconds: how long it took, the test included.
        train: what `test` has, over some training samples, measured as the test set is; empty where none were.
    """

    number: int
    step: int
    train_loss: float
    test: Mapping[str, Any]
    rate: float
    seconds: float
    train: Mapping[str, float] = field(default_factory=dict)

    @property
    def scalars(self) -> dict[str, float]:
        """The values that curves are made of, `test/loss`, `train/accuracy`; matrices are left out.

        `train/eval_loss` is measured as `test/loss` is; `train/epoch_loss` is the mean over the steps of the epoch.
        """
        test = {f"test/{name}": value for name, value in self.test.items() if isinstance(value, int | float)}
        train = {TRAIN_LOSS if name == "loss" else f"train/{name}": value for name, value in self.train.items()}
        return {EPOCH_LOSS: self.train_loss} | train | test


@dataclass(frozen=True)
class RunInfo:
    """A run, as plugins see it.

    Args:
        folder: the folder with all its files.
        name: the name of the net's file.
        net: its text.
        device: in words.
        params: how many numbers the net learns.
        epochs, steps: how many there will be in all; `steps` are the optimizer's.
        done: how many of the epochs were over when the run started: 0 unless it goes on with an earlier one.
        criterion: the value of the test by which the best epoch is chosen.
        highest: whether more of it is better.
    """

    folder: Path
    name: str
    net: str
    device: str
    params: int
    epochs: int
    steps: int
    done: int
    criterion: str
    highest: bool


@dataclass
class History:
    """Every epoch of a run.

    Args:
        metrics: the names of the metrics, in the order of the file.
        criterion: the value of the test by which the best epoch is chosen.
        highest: whether more of it is better.
    """

    metrics: Sequence[str]
    criterion: str = "loss"
    highest: bool = False
    epochs: list[Epoch] = field(default_factory=list)
    _ranked: list[Epoch] = field(default_factory=list, init=False)

    @property
    def best(self) -> Epoch | None:
        """The best epoch."""
        return next(iter(self.top(1)), None)

    @property
    def summary(self) -> HistorySummary:
        """The best epoch and the last, and the criterion of the best, as `run.json` tells them."""
        result: EpochResults = {}
        if self.best:
            result["best"] = _summarize(self.best)
        if self.epochs:
            result["last"] = _summarize(self.epochs[-1])
        return {"criterion": self.criterion, "highest": self.highest, "result": result}

    def add(self, epoch: Epoch) -> None:
        """Adds an epoch."""
        self.epochs.append(epoch)
        if self._badness(epoch) < math.inf:
            # `insort` puts equals behind each other, so the earlier of two equal epochs stays the better one.
            insort(self._ranked, epoch, key=self._badness)

    def top(self, count: int) -> list[Epoch]:
        """The best epochs, the best first, the earlier of several equals first; those with NaN are left out."""
        return self._ranked[:count]

    def is_stalled(self, patience: int | None) -> bool:
        """Whether the best epoch lies at least `patience` epochs back."""
        best = self.best
        return patience is not None and best is not None and self.epochs[-1].number - best.number >= patience

    def state_dict(self) -> list[EpochState]:
        """The epochs as plain values."""
        return [
            {
                "number": epoch.number,
                "step": epoch.step,
                "train_loss": epoch.train_loss,
                "test": dict(epoch.test),
                "rate": epoch.rate,
                "seconds": epoch.seconds,
                "train": dict(epoch.train),
            }
            for epoch in self.epochs
        ]

    def load_state_dict(self, state: Sequence[EpochState]) -> None:
        """Restores the epochs."""
        self.epochs, self._ranked = [], []
        for epoch in state:
            self.add(Epoch(**epoch))

    def _badness(self, epoch: Epoch) -> float:
        value = float(epoch.test[self.criterion])
        return math.inf if math.isnan(value) else -value if self.highest else value


def _summarize(epoch: Epoch) -> EpochSummary:
    return {"epoch": epoch.number} | epoch.scalars
