from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from netdsl import components
from netdsl.builtins import losses, optimizers
from netdsl.components import Call, Facts, call, dataset, metric
from netdsl.data import Batch
from netdsl.network import DataSettings, DataUse, Experiment, Network, Node, TrainSettings, Use
from netdsl.source import Source
from netdsl.training import session

CLASSES = 3
TEXT = "linear 4->8\nrelu\ndropout 0.2\nlinear 8->3\ndata blobs batch=8\n"


@dataclass(frozen=True)
class Blobs:
    """Samples around three centres, in an order that is a function of the seed and the epoch."""

    x: Tensor
    y: Tensor
    batch: int = 8
    shuffled: bool = True

    @property
    def samples(self) -> int:
        return len(self.x)

    @property
    def batches(self) -> int:
        return -(-len(self.x) // self.batch)

    def size(self, step: int) -> int:
        return min(self.batch, len(self.x) - step * self.batch)

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        order = torch.randperm(len(self.x), generator=torch.Generator().manual_seed(number))
        order = order if self.shuffled else torch.arange(len(self.x))
        for chosen in order.split(self.batch)[start:]:
            yield Batch(self.x[chosen], self.y[chosen])

    def batched(self, batch: int) -> Blobs:
        return replace(self, batch=batch)

    def channels_last(self) -> Blobs:
        return self


@dataclass
class Blocks:
    """What `netdsl.data.open_data` returns, as far as training looks at it."""

    train: Blobs
    test: Blobs
    shape: tuple[int, ...] = (4,)
    description: str = "blobs: 45 train, 21 test"
    skipped: tuple[str, ...] = ()
    facts: Facts = field(default_factory=lambda: blobs_facts())

    def close(self) -> None:
        """Nothing reads ahead."""


def blobs_facts() -> Facts:
    return Facts(input=(4,), classes=CLASSES, names=("a", "b", "c"))


@dataset("tests:blobs")
def blobs() -> Facts:
    """Points around three centres."""
    return blobs_facts()


@metric("torchmetrics.classification:MulticlassAccuracy", wants="classes")
def accuracy(*, num_classes: int, average: str = "micro") -> None:
    """The share of samples whose class is the one with the highest score."""


def make_blobs(samples: int, seed: int) -> Blobs:
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(samples) % CLASSES
    centres = torch.tensor([[2.0, 0, 0, 1], [0, 2.0, 1, 0], [0, 0, -2.0, 1]])
    return Blobs(centres[y] + torch.randn(samples, 4, generator=generator), y)


def make_network(source: Source, calls: list[Call]) -> Network:
    starts = source.line_starts
    nodes = tuple(
        Node(
            path=str(index),
            layer=None,
            name="linear",
            written=source.line(index + 1),
            span=source.span(starts[index], starts[index] + len(source.line(index + 1))),
            input=(4,),
            out=(CLASSES,),
            call=made,
            params=0,
            macs=0,
        )
        for index, made in enumerate(calls)
    )
    return Network((4,), (CLASSES,), nodes)


Make = Callable[..., Experiment]


@pytest.fixture
def make() -> Make:
    """Makes an experiment on the blobs: settings of `train`, and `optimizer=`, `schedule=`, `calls=`, `metrics=`."""

    def build(
        *,
        calls: list[Call] | None = None,
        optimizer: Use[components.Optimizer] | None = None,
        schedule: Use[components.Schedule] | None = None,
        measures: tuple[Use[components.Metric], ...] | None = None,
        **train: Any,
    ) -> Experiment:
        source = Source("blobs.net", TEXT)
        calls = calls or [
            call("torch.nn:Linear", in_features=4, out_features=8),
            call("torch.nn:ReLU"),
            call("torch.nn:Dropout", p=0.2),
            call("torch.nn:Linear", in_features=8, out_features=3),
        ]
        return Experiment(
            source,
            make_network(source, calls),
            data=DataUse(blobs, {}, facts=blobs_facts(), shape=(4,), settings=DataSettings(batch=8)),
            loss=Use(losses.cross_entropy, {"ignore_index": -100, "label_smoothing": 0.0}),
            optimizer=optimizer or Use(optimizers.sgd, {"lr": 0.1, "momentum": 0.9}),
            schedule=schedule,
            metrics=(Use(accuracy, {"num_classes": 3, "average": "micro"}),) if measures is None else measures,
            train=TrainSettings(**{"epochs": 3, "every": 4} | train),
        )

    return build


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch) -> Blocks:
    """45 samples in batches of 8, so that the last is short; 21 to test on."""
    blocks = Blocks(make_blobs(45, seed=1), replace(make_blobs(21, seed=2), shuffled=False))
    monkeypatch.setattr(session, "open_data", lambda use, device, **_: blocks)
    return blocks
