from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from netdsl import components
from netdsl.builtins import losses, optimizers
from netdsl.components import Call, Facts, call, dataset, metric
from netdsl.components.settings import DataSettings, TrainSettings
from netdsl.core.source import Source
from netdsl.data import Data, open_data
from netdsl.data.samples import Splits, Tensors
from netdsl.program import DataUse, Experiment, Network, Node, OptimizerUse, Use
from netdsl.training import trainer

CLASSES = 3
TEXT = "linear 4->8\nrelu\ndropout 0.2\nlinear 8->3\ndata blobs batch=8\n"


def blobs_facts() -> Facts:
    return Facts(input=(4,), classes=CLASSES, names=("a", "b", "c"))


@dataset(f"{__name__}:load_blobs")
def blobs() -> Facts:
    """Points around three centres: 45 to train on, so that the last batch of 8 is short, and 21 to test on."""
    return blobs_facts()


def load_blobs(_: Path) -> Splits:
    return Splits(make_blobs(45, seed=1), make_blobs(21, seed=2), names=("a", "b", "c"))


@metric("torchmetrics.classification:MulticlassAccuracy", wants="classes")
def accuracy(*, num_classes: int, average: str = "micro") -> None:
    """The share of samples whose class is the one with the highest score."""


def data_use() -> DataUse:
    return DataUse(blobs, {}, facts=blobs_facts(), shape=(4,), settings=DataSettings(batch=8))


def make_blobs(samples: int, seed: int) -> Tensors:
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(samples) % CLASSES
    centres = torch.tensor([[2.0, 0, 0, 1], [0, 2.0, 1, 0], [0, 0, -2.0, 1]])
    return Tensors(centres[y] + torch.randn(samples, 4, generator=generator), y)


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
        optimizer = optimizer or Use(optimizers.sgd, {"lr": 0.1, "momentum": 0.9})
        calls = calls or [
            call("torch.nn:Linear", in_features=4, out_features=8),
            call("torch.nn:ReLU"),
            call("torch.nn:Dropout", p=0.2),
            call("torch.nn:Linear", in_features=8, out_features=3),
        ]
        return Experiment(
            source,
            make_network(source, calls),
            data=data_use(),
            uses={
                components.Loss: (Use(losses.cross_entropy, {"ignore_index": -100, "label_smoothing": 0.0}),),
                components.Optimizer: (OptimizerUse(optimizer.component, optimizer.arguments),),
                components.Schedule: (schedule,) if schedule else (),
                components.Metric: (
                    (Use(accuracy, {"num_classes": 3, "average": "micro"}),) if measures is None else measures
                ),
            },
            settings={TrainSettings: TrainSettings(**{"epochs": 3, "every": 4} | train)},
        )

    return build


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Data:
    """The blobs as runs are served them, to look at and to change."""
    opened = open_data(data_use(), "cpu", seed=0)
    monkeypatch.setattr(trainer, "open_data", lambda *_, **__: opened)
    return opened


def exchange(data: Data, **pipelines: Any) -> None:
    """Has runs served other pipelines."""
    for name, pipeline in pipelines.items():
        object.__setattr__(data, name, pipeline)
