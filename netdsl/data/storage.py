"""How data are served: from memory, from a file, or read as needed; and a phrase that says which, with the reason."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from netdsl.components import Facts
from netdsl.core.errors import DataError
from netdsl.core.text import ntext, text
from netdsl.data.batch_order import Plan
from netdsl.data.broken_items import Skips
from netdsl.data.cache import FOLDER, Decoding, Progress, into_memory, onto_disk
from netdsl.data.channel_statistics import channel_statistics
from netdsl.data.free_memory import room
from netdsl.data.inputs import InputTensors, Samples, join_batches, tensors_of
from netdsl.data.pipelines import Pipeline
from netdsl.data.random_stream import LIMIT, SEEN, permutation
from netdsl.data.resident import Resident, prepared
from netdsl.data.samples import Items, Learnt, Part, Splits, Tensors, pick, unit_of
from netdsl.data.streaming import Streaming
from netdsl.data.transform_chain import Chain, make_chain, make_joint_chain
from netdsl.data.transforms.base import BatchTransform
from netdsl.data.worker_reader import Broken, Key, Loader, Reader
from netdsl.program import DataUse

How = Literal["ram", "disk", "none"]

CPU = torch.device("cpu")
FEW_ITEMS = 256
"""So few items are decoded faster than worker processes start."""
MOST_WORKERS = 8
SAMPLED_ITEMS = 1024
SAMPLE_BYTES = 64 << 20
"""The most memory for the training samples that are tested too, beside the data themselves."""


@dataclass(frozen=True)
class Session:
    """The process that reads the data: its device, seed, rank and world size."""

    device: torch.device
    seed: int
    rank: int = 0
    world: int = 1
    progress: Progress | None = None


@dataclass(frozen=True, eq=False)
class Server:
    """Makes pipelines of the parts of one data set."""

    use: DataUse
    splits: Splits
    session: Session
    skips: Skips
    learnt: Learnt

    def chains(self, facts: Facts, train: Part) -> tuple[Chain, Chain]:
        """The transforms of both pipelines."""
        training, testing = (self._chain(facts, train, training=training) for training in (True, False))
        if len(self.use.inputs) > 1 and len(facts.target) > 1 and any(step.moves for step in training.steps):
            raise DataError(
                "the targets are masks, and no transform moves them together with several inputs",
                "leave out the transforms that move pixels",
            )
        return training, testing

    def _chain(self, facts: Facts, train: Part, *, training: bool) -> Chain:
        if not self.use.inputs:
            unit = unit_of(train, self.splits.unit)
            bytes_ = not (isinstance(train, Tensors) and is_real(train.x))
            return make_chain(self.use.transforms, facts, training=training, unit=unit, bytes_=bytes_)
        # Of what is read one by one, images are bytes; the rest is ready for the net.
        bytes_by_input = (
            [part.dtype == torch.uint8 for part in tensors_of(train.x)]
            if isinstance(train, Tensors)
            else [fed.is_image for fed in self.use.inputs]
        )
        unit = self.splits.unit or 255.0
        return make_joint_chain(self.use.inputs, facts, training=training, unit=unit, bytes_=bytes_by_input)

    def decoded(self, part: Items, chain: Chain, how: How) -> Tensors:
        """Items that are decoded once, with those transforms that are done once."""
        decoding = Decoding(self.loader(part, chain.once), self.skips, self.session.progress)
        data = into_memory(part, decoding) if how == "ram" else onto_disk(part, chain.once, decoding)
        decoding.loader.close()
        return data

    def loader(self, part: Items, steps: tuple[BatchTransform, ...], *, stays: bool = False) -> Loader:
        """The loader of a part: it has worker processes, unless the items are few and read only once."""
        wanted = self.use.settings.workers
        workers = default_workers(self.session.world) if wanted is None else wanted
        # a copy to the GPU overlaps with its work only from pinned memory; pinning costs time where nothing overlaps
        pin = stays and self.session.device.type == "cuda"
        return Loader(Reader(part, steps), workers if stays or len(part) > FEW_ITEMS or wanted else 0, pin)

    def pipeline(self, part: Part, chain: Chain, plan: Plan) -> Resident | Streaming:
        """The pipeline of a part."""
        device = self.session.device
        if isinstance(part, Tensors):
            data, rest = prepared(placed(part, device), chain, device)
            return Resident(rest, plan, device, data)
        first, rest = for_workers(chain)
        return Streaming(rest, plan, device, self.loader(part, first, stays=True), self.skips)

    def sample(self, part: Part, chain: Chain, plan: Plan, count: int) -> Resident:
        """At most `count` samples of a part, always the same ones, held in memory and served in the batches of a plan.

        They are no more than the samples of the plan, so that the curves of both are equally smooth.
        """
        count = min(count, plan.samples)
        # A stretch of samples that follow each other, where each is to continue the one before.
        order = torch.arange(len(part)) if plan.carry else permutation(len(part), SEEN)
        if not isinstance(part, Tensors):
            size = _decoded_bytes(part, Chain(for_workers(chain)[0], ()))
            chosen = pick(part, order[: min(count, SAMPLE_BYTES // max(size, 1))].sort().values)
            assert not isinstance(chosen, Tensors)
            first, chain = for_workers(chain)
            some = into_memory(chosen, Decoding(self.loader(chosen, first), self.skips))
        else:
            size = part.x[:1].nbytes
            some = part.pick(order[: min(count, SAMPLE_BYTES // max(size, 1))].sort().values)
        device = self.session.device
        data, rest = prepared(placed(some, device), chain, device)
        return Resident(rest, replace(plan, samples=len(data)), device, data)


def default_workers(world: int) -> int:
    """One process for each core that this process may use; the ranks of this machine share the cores."""
    world = int(os.environ.get("LOCAL_WORLD_SIZE", world))  # the ranks of other machines use other cores
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_WORKERS, cores // world))


def placed(data: Tensors, device: torch.device) -> Tensors:
    """Tensors on the device. If it has no room for them they stay on the CPU, and each batch is copied."""
    if device.type != "cpu" and data.x.nbytes > room(device):
        return data
    return Tensors(data.x.to(device), data.y.to(device))


def for_workers(chain: Chain) -> tuple[tuple[BatchTransform, ...], Chain]:
    """The chain in two: the transforms up to the one that gives all items one size, for workers, and the rest."""
    steps = chain.once + chain.steps
    # Of several inputs, the first such step of each.
    first: dict[str, int] = {}
    for place, step in enumerate(steps):
        if step.fits:
            first.setdefault(step.input, place)
    last = max(first.values(), default=-1)
    return steps[: last + 1], Chain((), steps[last + 1 :])


def choose(use: DataUse, parts: tuple[Items, Items], chains: tuple[Chain, Chain]) -> tuple[How, str]:
    """Whether items are served from memory, from a file or as needed, and why."""
    asked = use.settings.cache
    whole = all(_same_size(chain) for chain in chains)
    if asked in ("ram", "disk") and not whole:
        advice = "write a `resize` before the first random transform, or `cache=none`"
        raise DataError(
            text("`cache={cache}` needs images of one size before the first random transform", cache=asked), advice
        )
    if asked != "auto":
        return asked, f"cache={asked}"
    if not whole:
        return "none", text("each image is cropped anew in every epoch")
    size = sum(len(part) * _decoded_bytes(part, chain) for part, chain in zip(parts, chains, strict=True))
    fits = size <= room(CPU)
    if fits:
        return "ram", text("{size} decoded", size=_in_words(size))
    return "none", text("{size} decoded do not fit in memory", size=_in_words(size))


def _same_size(chain: Chain) -> bool:
    return any(step.fits for step in chain.once) or not any(step.fits for step in chain.steps)


def _decoded_bytes(part: Items, chain: Chain) -> int:
    """The bytes of one decoded sample. A broken one is skipped for the next."""
    reader = Reader(part, chain.once)
    for index in range(min(len(part), FEW_ITEMS)):
        found = reader[Key(index)]
        if not isinstance(found, Broken):
            return found[0].nbytes
    return 0


def _in_words(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{max(1, size >> 20)} MiB"


def statistics_needed(use: DataUse, facts: Facts) -> bool:
    """Whether a `normalize` needs the mean and deviation of the data."""
    return not facts.mean and any("std" in step.component.parameters for step in use.transforms)


def sampled_images(server: Server, train: Items, chain: Chain) -> Samples:
    """Some training images with the transforms of testing; always the same ones."""
    first, _ = for_workers(chain)
    order = permutation(len(train), LIMIT)[:SAMPLED_ITEMS].tolist()
    keys = [[Key(index) for index in order[start : start + 32]] for start in range(0, len(order), 32)]
    found: list[Samples] = []
    for raw in server.loader(train, first, stays=len(order) > FEW_ITEMS).batches(lambda: iter(keys)):
        server.skips.note(raw.broken)
        if len(raw.y):
            found.append(raw.x)
    return join_batches(found)


def statistics(facts: Facts, x: Samples, unit: float | None) -> Facts:
    """The facts with the mean and the deviation of samples; of several inputs, with those of each.

    Images have theirs together, for one net may see them all. `unit` is the value that stands for 1, where it is not
    the usual one.
    """

    def usual(part: Tensor) -> float:
        return 1.0 if part.is_floating_point() else 255.0

    if isinstance(x, Tensor):
        mean, std = channel_statistics(x, unit or usual(x))
        return facts._replace(mean=mean, std=std)
    images = [part for part in x.parts if part.dim() == 4 and not part.dtype.is_floating_point]
    alike = len({part.shape[1] for part in images}) == 1
    pooled = (
        channel_statistics(torch.cat([each.transpose(0, 1).flatten(1).T for each in images]), 255.0) if alike else None
    )
    inputs = []
    for known, part in zip(facts.inputs, x.parts, strict=True):
        if known.dtype == "index":
            inputs.append(known)
            continue
        is_image = any(part is image for image in images)
        mean, std = pooled if pooled and is_image else channel_statistics(part, usual(part))
        inputs.append(known._replace(mean=mean, std=std))
    return facts.with_inputs(inputs)


def is_real(x: Samples) -> bool:
    """Whether samples are real numbers; of several inputs, whether all are."""
    return all(part.is_floating_point() for part in tensors_of(x))


def describe(train: Pipeline, test: Pipeline, part: Part, how: How | None, why: str, device: torch.device) -> str:
    """`resident: 1,437 + 360 images, uint8 on cpu`."""
    if not isinstance(train, Resident):
        assert isinstance(train, Streaming)
        return ntext(
            "streaming: {train:,} + {test:,} images, {count} worker ({why})",
            "streaming: {train:,} + {test:,} images, {count} workers ({why})",
            count=train.loader.workers,
            train=train.samples,
            test=test.samples,
            why=why,
        )
    data = part.x if isinstance(part, Tensors) else train.data.x
    if isinstance(data, InputTensors):
        return text(
            "resident: {train:,} + {test:,} samples of {count} inputs on {device}",
            train=train.samples,
            test=test.samples,
            count=len(data.parts),
            device=train.data.x.device,
        )
    kind = str(data.dtype).removeprefix("torch.")
    if data.dim() == 4:
        counts = text("{train:,} + {test:,} images, {kind}", train=train.samples, test=test.samples, kind=kind)
    else:
        counts = text("{train:,} + {test:,} rows, {kind}", train=train.samples, test=test.samples, kind=kind)
    if how == "disk":
        return text("mapped: {counts} from {folder}", counts=counts, folder=FOLDER)
    if how == "ram":
        return text("resident: {counts} on {device} ({why})", counts=counts, device=train.data.x.device, why=why)
    return text("resident: {counts} on {device}", counts=counts, device=train.data.x.device)
