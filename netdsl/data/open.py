"""From a `data` line to pipelines: read, divided, placed on the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import torch

from netdsl.builder import locate
from netdsl.components import Facts, Refusal
from netdsl.core.errors import DataError
from netdsl.core.files import reason
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data.batch_order import Plan
from netdsl.data.broken_items import Skips
from netdsl.data.cache import Progress
from netdsl.data.channel_statistics import channel_statistics
from netdsl.data.data_folder import data_root
from netdsl.data.pipelines import Pipeline
from netdsl.data.resident import Resident
from netdsl.data.samples import Learnt, Part, Splits, Tensors, unit_of
from netdsl.data.splits import divide
from netdsl.data.storage import (
    How,
    Server,
    Session,
    choose,
    describe,
    sampled_statistics,
    statistics_needed,
)
from netdsl.data.streaming import Streaming
from netdsl.data.transform_chain import Chain
from netdsl.program import DataUse

SMALLEST_TEST_BATCH = 256
PROBE = 16
"""So many samples are served first as a trial, so that data that cannot work stop the run at once."""


@dataclass(frozen=True, eq=False)
class Data:
    """A data set, ready to be served.

    Args:
        train: the pipeline of the samples that train.
        test: the pipeline of the samples that test.
        facts: what is known about the data set after reading it; `sizes` are those of the pipelines.
        shape: the shape of one sample when it reaches the net.
        description: how it is served, as a phrase: `resident: 1,437 + 360 images, uint8 on cpu`.
        skips: the broken items that were met.
        unit: the stored value that becomes 1.
        learnt: what was learnt from the training part before training.
        carry: whether a batch continues the samples of the batch before it.
        seen: opens a given number of training samples, served as those of the test set are.
    """

    train: Pipeline
    test: Pipeline
    facts: Facts
    shape: tuple[int, ...]
    description: str
    skips: Skips
    unit: float
    learnt: Learnt
    carry: bool
    seen: Callable[[int], Pipeline]

    @property
    def skipped(self) -> tuple[str, ...]:
        """The files that `on_error=skip` has left out so far, each with the reason."""
        return tuple(map(str, self.skips.found.values()))

    def channels_last(self) -> Self:
        """The same data with images in the memory format channels-last."""
        return replace(
            self,
            train=self.train.channels_last(),
            test=self.test.channels_last(),
            seen=lambda count: self.seen(count).channels_last(),
        )

    def close(self) -> None:
        """Stops the worker processes, if there are any."""
        for pipeline in (self.train, self.test):
            if isinstance(pipeline, Streaming):
                pipeline.loader.close()


def open_data(
    use: DataUse,
    device: torch.device | str,
    *,
    seed: int,
    rank: int = 0,
    world: int = 1,
    progress: Progress | None = None,
    learnt: Learnt | None = None,
) -> Data:
    """Reads the data set of a `data` line and makes its pipelines.

    Args:
        use: the checked line.
        device: the device of the batches.
        seed: decides the order and the random transforms, not which samples test.
        rank: the number of this process; each process receives its share of the same global batches.
        world: how many processes there are.
        progress: called with the numbers of decoded and of all images, if images are decoded before training.
        learnt: what an earlier run has learnt from its training part; then nothing is learnt here.

    Raises:
        DataError: the data cannot be read; the message says why.
    """
    session = Session(torch.device(device), seed, rank, world, progress)
    server, parts = read(use, session, learnt)
    return serve(server, parts)


def read(use: DataUse, session: Session, learnt: Learnt | None = None) -> tuple[Server, tuple[Part, Part]]:
    """Loads a data set and divides it: the object that makes pipelines, and the training and test parts."""
    splits = _load(use)
    parts = divide(splits, use.settings, use.component.name)
    train, test = parts
    if splits.encode is not None and isinstance(train, Tensors) and isinstance(test, Tensors):
        parts, learnt = splits.encode((train, test), learnt)
    return Server(use, splits, session, Skips(use.settings.on_error == "skip"), learnt or Learnt()), parts


def _load(use: DataUse) -> Splits:
    """Calls the loader of the data set; its errors about files become a `DataError`."""
    try:
        splits: Splits = locate(use.call.target)(data_root(use.settings.root), **use.arguments)
    except Refusal as error:
        raise DataError(error.message, error.help) from error
    except OSError as error:
        raise DataError(_unreadable(use.component.name, error)) from error
    return splits


def _unreadable(name: str, error: OSError) -> str:
    if error.filename:
        return text("`data {dataset}`: {reason}: `{path}`", dataset=name, reason=reason(error), path=error.filename)
    return text("`data {dataset}`: {reason}", dataset=name, reason=reason(error))


def serve(server: Server, parts: tuple[Part, Part]) -> Data:
    """Makes the pipelines of both parts."""
    how: How | None = None
    why = ""
    train, test = parts
    chains = server.chains(server.use.facts._replace(mean=(0.0,), std=(1.0,)), train)
    if not isinstance(train, Tensors) and not isinstance(test, Tensors):
        how, why = choose(server.use, (train, test), chains)
        if how != "none":
            parts = server.decoded(train, chains[0], how), server.decoded(test, chains[1], how)
    facts = _with_statistics(server, parts[0], chains[1])
    whole = chains = server.chains(facts, parts[0])
    if how in ("ram", "disk"):
        chains = Chain((), chains[0].steps), Chain((), chains[1].steps)
    pipelines = [
        server.pipeline(part, chain, plan)
        for part, chain, plan in zip(parts, chains, _plans(server, parts), strict=True)
    ]
    shape = _probed(pipelines)
    facts = _completed(facts, server, parts, shape)
    description = describe(pipelines[0], pipelines[1], parts[0], how, why, server.session.device)
    if how in ("ram", "disk") and server.skips.found:
        description = text(
            "{description}, {count:,} broken left out", description=description, count=len(server.skips.found)
        )
    if server.use.settings.split == 0 and server.splits.test is None:
        description = text("{description}: the training samples test too", description=description)
    # The decoded training samples serve here too, unless the test transforms prepare samples differently.
    same = [step.identity for step in whole[0].once] == [step.identity for step in whole[1].once]
    known = (parts[0], chains[1]) if isinstance(train, Tensors) or same else (train, whole[1])
    return Data(
        pipelines[0],
        pipelines[1],
        facts,
        shape,
        description,
        server.skips,
        unit_of(parts[0], server.splits.unit),
        server.learnt._replace(mean=facts.mean, std=facts.std),
        server.splits.carry,
        partial(server.sample, *known, pipelines[1].plan),
    )


def _plans(server: Server, parts: tuple[Part, Part]) -> tuple[Plan, Plan]:
    settings, who = server.use.settings, server.session
    everyone = Plan(
        len(parts[1]), max(settings.batch, SMALLEST_TEST_BATCH), seed=who.seed, rank=who.rank, world=who.world
    )
    shuffled = replace(
        everyone,
        samples=len(parts[0]),
        batch=settings.batch,
        shuffle=settings.shuffle,
        drop_last=settings.drop_last,
    )
    if server.splits.carry:
        return replace(shuffled, carry=True), replace(everyone, carry=True)
    return shuffled, everyone


def _with_statistics(server: Server, train: Part, chain: Chain) -> Facts:
    facts, learnt = server.use.facts, server.learnt
    if facts.mean or facts.dtype == "index":
        return facts
    if learnt.mean:
        return facts._replace(mean=learnt.mean, std=learnt.std)
    if isinstance(train, Tensors):
        mean, std = channel_statistics(train.x, _unit(server, train))
        if binary := [one for column in learnt.columns for one in column.is_binary]:
            # A rare word, divided by its small deviation, would be the largest number that the net is fed.
            mean = tuple(0.0 if is_binary else one for is_binary, one in zip(binary, mean, strict=True))
            std = tuple(1.0 if is_binary else one for is_binary, one in zip(binary, std, strict=True))
    elif statistics_needed(server.use, facts):
        mean, std = sampled_statistics(server, train, chain)
    else:
        return facts
    return facts._replace(mean=mean, std=std)


def _unit(server: Server, train: Tensors) -> float:
    if server.splits.unit is not None:
        return server.splits.unit
    return 1.0 if train.x.is_floating_point() else 255.0


def _completed(facts: Facts, server: Server, parts: tuple[Part, Part], shape: tuple[int, ...]) -> Facts:
    stored = tuple(parts[0].x.shape[1:]) if isinstance(parts[0], Tensors) else shape
    names = tuple(server.splits.names) or facts.names
    sizes = (len(parts[0]), len(parts[1]))
    return facts._replace(input=stored, sizes=sizes, names=names, scale=server.learnt.scale)


def _probed(pipelines: Sequence[Resident | Streaming]) -> tuple[int, ...]:
    """The shape in which samples reach the net, the same from both pipelines."""
    train, test = (_first_shape(pipeline) for pipeline in pipelines)
    if train != test:
        message = text(
            "training samples reach the net as {train}, test samples as {test}",
            train=format_shape(train),
            test=format_shape(test),
        )
        raise DataError(message, "write a transform that gives both one size, such as `resize 64x64`")
    return train


def _first_shape(pipeline: Resident | Streaming) -> tuple[int, ...]:
    probe: Pipeline = replace(pipeline, plan=replace(pipeline.plan, batch=PROBE, drop_last=False))
    if isinstance(probe, Streaming):
        probe = replace(probe, loader=replace(probe.loader, workers=0))
    try:
        first = next(iter(probe.epoch(0)))
    except ValueError as error:
        raise DataError(str(error)) from error
    return tuple(first.x.shape[1:])
