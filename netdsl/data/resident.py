"""Data in memory, on the training device: a batch is an `index_select` and a few whole-batch operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from netdsl.data.batch_order import Planned
from netdsl.data.inputs import Samples, join_batches, tensors_of
from netdsl.data.pipelines import Batch
from netdsl.data.random_stream import AUGMENT, Moment
from netdsl.data.samples import Tensors
from netdsl.data.transform_chain import Chain

PREPARED_BYTES = 64 << 20
"""Data of at most so many bytes as real numbers, without random transforms, are transformed once."""


@dataclass(frozen=True, eq=False)
class Resident(Planned):
    """A pipeline over tensors on the device, or on the CPU if the device has no room for them."""

    data: Tensors

    def channels_last(self) -> Self:
        """The same samples with images in the memory format channels-last."""
        x = self.data.x
        if not isinstance(x, Tensor) or x.dim() != 4 or x.shape[1] == 1:
            return self
        return replace(self, data=Tensors(x.contiguous(memory_format=torch.channels_last), self.data.y))

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """This rank's share of each batch of an epoch, from step `start` on."""
        rows = RowPicker(self.data)
        order = self.plan.order(number)
        pick = rows.pick if self.plan.shuffle or self.plan.carry else rows.view
        # once an epoch: each step would wait for its own copy to the device, and a small net would wait for Python
        shares = self.plan.shares(order.to(rows.x.device), start)
        travels, steps = rows.x.device != self.device, self.chain.steps
        for step, chosen in enumerate(shares, start):
            x, y = pick(chosen)
            if travels:
                x, y = x.to(self.device, non_blocking=True), y.to(self.device, non_blocking=True)
            if steps:
                x, y = self.chain(x, y, self.plan.moment(order, number, step), self.plan.rows(step))
            yield Batch(x, y) if self.plan.world == 1 or self.plan.shared(step) else Batch(x[:0], y[:0])


class RowPicker:
    """Picks samples as whole rows of memory, in any memory format."""

    def __init__(self, data: Tensors) -> None:
        self.x, self.y = data.x, data.y
        # `index_select` would lose channels-last, so it receives the axes in the order of memory
        x = data.x
        self.turned = isinstance(x, Tensor) and x.dim() == 4 and not x.is_contiguous()
        self.stored = x.permute(0, 2, 3, 1) if isinstance(x, Tensor) and self.turned else x

    def pick(self, indices: Tensor) -> tuple[Samples, Tensor]:
        """A copy of the samples with these numbers."""
        x: Samples = self.stored.index_select(0, indices)
        return (x.permute(0, 3, 1, 2) if isinstance(x, Tensor) and self.turned else x), self.y.index_select(0, indices)

    def view(self, indices: Tensor) -> tuple[Samples, Tensor]:
        """A view of the samples with these numbers, which must be consecutive."""
        place = slice(int(indices[0]), int(indices[0]) + len(indices)) if len(indices) else slice(0)
        return self.x[place], self.y[place]


def prepared(data: Tensors, chain: Chain, device: torch.device) -> tuple[Tensors, Chain]:
    """Does once what can be done once: the leading resizes and crops, or all of the chain if the data are small and no
    transform is random.
    """
    if chain.once:
        targets = chain.prepare_targets(data.x, data.y)
        data = Tensors(_in_chunks(chain.prepare, data.x), targets)
    rest = Chain((), chain.steps)
    if chain.random or not chain.steps or sum(part.numel() for part in tensors_of(data.x)) * 4 > PREPARED_BYTES:
        return data, rest
    everyone = Moment(torch.arange(len(data)), counters=(AUGMENT,))
    x, y = rest(data.x.to(device), data.y.to(device), everyone, slice(0, len(data)))
    return Tensors(x, y), Chain((), ())


def _in_chunks(function: Callable[[Samples], Samples], x: Samples, rows: int = 1024) -> Samples:
    return join_batches([function(x[start : start + rows]) for start in range(0, len(x), rows)])
