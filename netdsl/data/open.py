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
from netdsl.data.data_folder import data_root
from netdsl.data.inputs import shapes_of
from netdsl.data.pipelines import Pipeline
from netdsl.data.resident import Resident
from netdsl.data.samples import Feature, Learnt, LearntInput, Part, Splits, Tensors, select, unit_of
from netdsl.data.splits import divide
from netdsl.data.storage import (
    How,
    Server,
    Session,
    choose,
    describe,
    sampled_images,
    statistics,
    statistics_needed,
)
from netdsl.data.streaming import Streaming
from netdsl.data.transform_chain import Chain
from netdsl.program import DataUse

SMALLEST_TEST_BATCH = 256
Shapes = tuple[tuple[int, ...], ...]
"""The shape of one sample of each input; of the only one, where the net has no more."""

PROBE = 16
"""So many samples are served first as a trial, so that data that cannot work stop the run at once."""


@dataclass(frozen=True, eq=False)
class Data:
    """A data set, ready to be served.

    Args:
        train: the pipeline of the samples that train.
        test: the pipeline of the samples that test.
        facts: what is known about the data set after reading it; `sizes` are those of the pipelines.
        shapes: the shape of one sample when it reaches the net, of each input.
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
    shapes: Shapes
    description: str
    skips: Skips
    unit: float
    learnt: Learnt
    carry: bool
    seen: Callable[[int], Pipeline]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample, or of its first input, when it reaches the net."""
        return self.shapes[0]

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
    parts: tuple[Part, Part] = divide(splits, use.settings, use.component.name)
    if splits.encode is not None:
        parts, learnt = splits.encode(parts, learnt)
    return Server(use, splits, session, Skips(use.settings.on_error == "skip"), learnt or Learnt()), parts


def _load(use: DataUse) -> Splits:
    """Calls the loader of the data set; its errors about files become a `DataError`."""
    try:
        splits: Splits = locate(use.call.target)(data_root(use.settings.root), **use.arguments)
    except Refusal as error:
        raise DataError(error.message, error.help) from error
    except OSError as error:
        raise DataError(_unreadable(use.component.name, error)) from error
    names = tuple(one.name for one in use.facts.inputs)
    return replace(splits, train=select(splits.train, names), test=splits.test and select(splits.test, names))


def _unreadable(name: str, error: OSError) -> str:
    if error.filename:
        return text("`data {dataset}`: {reason}: `{path}`", dataset=name, reason=reason(error), path=error.filename)
    return text("`data {dataset}`: {reason}", dataset=name, reason=reason(error))


def serve(server: Server, parts: tuple[Part, Part]) -> Data:
    """Makes the pipelines of both parts."""
    how: How | None = None
    why = ""
    train, test = parts
    chains = server.chains(server.use.facts.with_statistics((0.0,), (1.0,)), train)
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
    shapes = _probed(pipelines)
    facts = _completed(facts, server, parts, shapes)
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
        shapes,
        description,
        server.skips,
        # Of several inputs, that of the images.
        server.splits.unit or 255.0 if server.use.inputs else unit_of(parts[0], server.splits.unit),
        _with_statistics_of(server.learnt, facts),
        server.splits.carry,
        partial(server.sample, *known, pipelines[1].plan),
    )


def _with_statistics_of(learnt: Learnt, facts: Facts) -> Learnt:
    vocabularies = {one.name: one.vocabulary for one in learnt.inputs}
    inputs = tuple(LearntInput(one.name, one.mean, one.std, vocabularies.get(one.name)) for one in facts.inputs)
    return learnt._replace(mean=facts.mean, std=facts.std, inputs=inputs if len(inputs) > 1 else ())


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
    if all(one.mean or one.dtype == "index" for one in facts.all_inputs):
        return facts
    if any(one.mean for one in learnt.inputs):
        known = {one.name: one for one in learnt.inputs}
        return facts.with_inputs(
            [one._replace(mean=known[one.name].mean, std=known[one.name].std) for one in facts.inputs]
        )
    if learnt.mean:
        return facts._replace(mean=learnt.mean, std=learnt.std)
    if isinstance(train, Tensors):
        return _without_binary(statistics(facts, train.x, server.splits.unit), learnt.columns)
    if statistics_needed(server.use, facts):
        return statistics(facts, sampled_images(server, train, chain), None)
    return facts


def _without_binary(facts: Facts, columns: Sequence[Feature]) -> Facts:
    """The statistics of a table: numbers that are 0 or 1 stay as they are.

    A rare word, divided by its small deviation, would be the largest number that the net is fed.
    """
    inputs = []
    for one in facts.all_inputs:
        of_it = [is_binary for column in columns if column.input == one.name for is_binary in column.is_binary]
        if of_it and one.mean:
            mean = tuple(0.0 if is_binary else value for is_binary, value in zip(of_it, one.mean, strict=True))
            std = tuple(1.0 if is_binary else value for is_binary, value in zip(of_it, one.std, strict=True))
            inputs.append(one._replace(mean=mean, std=std))
        else:
            inputs.append(one)
    return facts.with_inputs(inputs)


def _completed(facts: Facts, server: Server, parts: tuple[Part, Part], shapes: Shapes) -> Facts:
    names = tuple(server.splits.names) or facts.names
    sizes = (len(parts[0]), len(parts[1]))
    facts = facts._replace(sizes=sizes, names=names, scale=server.learnt.scale)
    stored = shapes
    if isinstance(parts[0], Tensors):
        stored = tuple(shape[1:] for shape in shapes_of(parts[0].x))
    return facts.with_inputs([one._replace(shape=shape) for one, shape in zip(facts.all_inputs, stored, strict=True)])


def _probed(pipelines: Sequence[Resident | Streaming]) -> Shapes:
    """The shapes in which samples reach the net, the same from both pipelines."""
    shapes = [_first_shapes(pipeline) for pipeline in pipelines]
    for train, test in zip(*shapes, strict=True):
        if train == test:
            continue
        message = text(
            "training samples reach the net as {train}, test samples as {test}",
            train=format_shape(train),
            test=format_shape(test),
        )
        raise DataError(message, "write a transform that gives both one size, such as `resize 64x64`")
    return shapes[0]


def _first_shapes(pipeline: Resident | Streaming) -> Shapes:
    probe: Pipeline = replace(pipeline, plan=replace(pipeline.plan, batch=PROBE, drop_last=False))
    if isinstance(probe, Streaming):
        probe = replace(probe, loader=replace(probe.loader, workers=0))
    try:
        first = next(iter(probe.epoch(0)))
    except ValueError as error:
        raise DataError(str(error)) from error
    return tuple(shape[1:] for shape in shapes_of(first.x))
