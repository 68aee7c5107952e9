"""From a `data` line to pipelines: read, divided, placed on the device."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import torch

from netdsl.building import locate
from netdsl.components import Facts, Refusal
from netdsl.data.chain import Chain, make_chain
from netdsl.data.division import divide
from netdsl.data.errors import DataError
from netdsl.data.pipeline import Pipeline
from netdsl.data.places import data_root
from netdsl.data.plan import Plan
from netdsl.data.resident import Resident, prepared
from netdsl.data.samples import Part, Splits, Tensors, unit_of
from netdsl.data.statistics import channel_statistics
from netdsl.network import DataUse

SMALLEST_TEST_BATCH = 256


@dataclass(frozen=True, eq=False)
class Data:
    """A data set, ready to be served.

    Args:
        train, test: its pipelines.
        facts: all that is known of it, now that it is read; `sizes` are those of the pipelines.
        shape: one sample's when it reaches the net.
        description: how it is served, in a phrase: `resident: 1,437 + 360 images, uint8 on cpu`.
    """

    train: Pipeline
    test: Pipeline
    facts: Facts
    shape: tuple[int, ...]
    description: str
    skipped: list[str] = field(default_factory=list)

    def channels_last(self) -> Self:
        """The same data, images laid out in memory with the channels last."""
        return replace(self, train=self.train.channels_last(), test=self.test.channels_last())

    def close(self) -> None:
        """Stops the processes that read ahead, if there are any."""


@dataclass(frozen=True)
class Session:
    """Who asks for data: the device, the seed, and which of how many processes it is."""

    device: torch.device
    seed: int
    rank: int
    world: int


def open_data(use: DataUse, device: torch.device | str, *, seed: int, rank: int = 0, world: int = 1) -> Data:
    """Reads the data set of a `data` line and makes its pipelines.

    Args:
        use: the checked line.
        device: where the batches are wanted.
        seed: decides orders and random transforms; not which samples test.
        rank: which of the processes asks; each is served its share of the same global batches.
        world: how many processes there are.

    Raises:
        DataError: the data cannot be had, in words.
    """
    session = Session(torch.device(device), seed, rank, world)
    splits = load(use)
    train, test = divide(splits, use.settings, use.component.name)
    return _resident(use, splits, train, test, session)


def load(use: DataUse) -> Splits:
    """Calls the loader of the data set; what it says of broken files becomes a `DataError`."""
    try:
        splits: Splits = locate(use.call.target)(data_root(use.settings.root), **use.arguments)
    except Refusal as error:
        raise DataError(error.message, error.help) from error
    except OSError as error:
        raise DataError(f"`data {use.component.name}`: {error.strerror or error}: `{error.filename}`") from error
    return splits


def _resident(use: DataUse, splits: Splits, train: Part, test: Part, session: Session) -> Data:
    assert isinstance(train, Tensors)
    assert isinstance(test, Tensors)
    unit = unit_of(train, splits.unit)
    facts = _completed(use.facts, splits, train, test, unit)
    train_plan, test_plan = plans(use, len(train), len(test), session)
    bytes_ = not train.x.is_floating_point()
    pipelines = [
        _pipeline(part, make_chain(use.transforms, facts, training=training, unit=unit, bytes_=bytes_), plan, session)
        for part, training, plan in ((train, True, train_plan), (test, False, test_plan))
    ]
    kind = str(train.x.dtype).removeprefix("torch.")
    what = "images" if train.x.dim() == 4 else "rows"
    description = f"resident: {len(train):,} + {len(test):,} {what}, {kind} on {session.device}"
    return Data(pipelines[0], pipelines[1], facts, _served_shape(pipelines[1]), description)


def _pipeline(part: Tensors, chain: Chain, plan: Plan, session: Session) -> Resident:
    placed = Tensors(part.x.to(session.device), part.y.to(session.device))
    data, rest = prepared(placed, chain, session.device)
    return Resident(data, rest, plan, session.device)


def plans(use: DataUse, train: int, test: int, session: Session) -> tuple[Plan, Plan]:
    """How both parts are served."""
    settings = use.settings
    everyone = Plan(
        test, max(settings.batch, SMALLEST_TEST_BATCH), seed=session.seed, rank=session.rank, world=session.world
    )
    shuffled = replace(
        everyone, samples=train, batch=settings.batch, shuffle=settings.shuffle, drop_last=settings.drop_last
    )
    return shuffled, everyone


def _completed(facts: Facts, splits: Splits, train: Tensors, test: Tensors, unit: float) -> Facts:
    facts = replace(facts, input=tuple(train.x.shape[1:]), sizes=(len(train), len(test)))
    if splits.names:
        facts = replace(facts, names=tuple(splits.names))
    if facts.mean or facts.dtype == "index":
        return facts
    mean, std = channel_statistics(train.x, unit)
    return replace(facts, mean=mean, std=std)


def _served_shape(pipeline: Pipeline) -> tuple[int, ...]:
    batch = next(iter(pipeline.batched(1).epoch(0)))
    return tuple(batch.x.shape[1:])
