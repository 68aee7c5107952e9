"""Data in memory, on the training device: a batch is an `index_select` and a few whole-batch operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from netdsl.data.chain import Chain
from netdsl.data.pipeline import Batch
from netdsl.data.plan import Plan
from netdsl.data.randomness import AUGMENT, Moment
from netdsl.data.samples import Tensors

PREPARED_BYTES = 64 << 20
"""Data that no chance touches, and that take no more than this as real numbers, are transformed once and for all."""


@dataclass(frozen=True, eq=False)
class Resident:
    """A pipeline over tensors, which lie on the device, or on the CPU where the device has no room for them."""

    data: Tensors
    chain: Chain
    plan: Plan
    device: torch.device

    @property
    def samples(self) -> int:
        """How many samples an epoch serves."""
        return min(self.plan.samples, self.batches * self.batch)

    @property
    def batch(self) -> int:
        """The size of the global batch."""
        return self.plan.batch

    @property
    def batches(self) -> int:
        """How many steps an epoch has."""
        return self.plan.batches

    def size(self, step: int) -> int:
        """How many samples the global batch of a step has."""
        return self.plan.size(step)

    def batched(self, batch: int) -> Self:
        """The same samples in batches of another size."""
        return replace(self, plan=replace(self.plan, batch=batch))

    def channels_last(self) -> Self:
        """The same samples, images laid out with the channels last."""
        if self.data.x.dim() != 4 or self.data.x.shape[1] == 1:
            return self
        return replace(self, data=Tensors(self.data.x.contiguous(memory_format=torch.channels_last), self.data.y))

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """This rank's share of each batch of an epoch, from step `start` on."""
        rows = Rows(self.data)
        for step, moment in self.plan.moments(number, start):
            share = self.plan.share(step)
            x, y = rows.pick(moment.indices, share, shuffled=self.plan.shuffle)
            x, y = x.to(self.device, non_blocking=True), y.to(self.device, non_blocking=True)
            yield Batch(*self.chain(x, y, moment, share))


class Rows:
    """Picks samples by whole rows of memory, whatever the layout of the images."""

    def __init__(self, data: Tensors) -> None:
        self.x, self.y = data.x, data.y
        # `index_select` forgets that channels come last, so it is shown the axes in the order in which they lie
        self.turned = self.x.dim() == 4 and not self.x.is_contiguous()
        self.stored = self.x.permute(0, 2, 3, 1) if self.turned else self.x

    def pick(self, indices: Tensor, share: slice, *, shuffled: bool) -> tuple[Tensor, Tensor]:
        """A rank's share of a global batch; without shuffling it is a view, not a copy."""
        if shuffled:
            chosen = indices[share].to(self.x.device)
            x, y = self.stored.index_select(0, chosen), self.y.index_select(0, chosen)
        else:
            first = int(indices[0])
            rows = slice(first + share.start, first + share.stop)
            x, y = self.stored[rows], self.y[rows]
        return (x.permute(0, 3, 1, 2) if self.turned else x), y


def prepared(data: Tensors, chain: Chain, device: torch.device) -> tuple[Tensors, Chain]:
    """Does once what can be done once: the leading resizes and crops, and all of it where the data are few and no
    transform is random.
    """
    data = Tensors(_in_chunks(chain.prepare, data.x), data.y) if chain.once else data
    rest = Chain((), chain.steps)
    if chain.random or not chain.steps or data.x.numel() * 4 > PREPARED_BYTES:
        return data, rest
    everyone = Moment(torch.arange(len(data)), counters=(AUGMENT,))
    x, y = rest(data.x.to(device), data.y.to(device), everyone, slice(0, len(data)))
    return Tensors(x, y), Chain((), ())


def _in_chunks(function: Callable[[Tensor], Tensor], x: Tensor, rows: int = 1024) -> Tensor:
    return torch.cat([function(chunk) for chunk in torch.split(x, rows)])
