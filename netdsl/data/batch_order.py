"""The order of the samples in an epoch, its batches, and the share of each batch that a rank reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from netdsl.data.random_stream import AUGMENT, ORDER, Moment, permutation
from netdsl.data.transform_chain import Chain


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of an epoch over `samples` samples in global batches of `batch`, seen from one of `world` ranks.

    With `carry`, sample i of a batch follows sample i of the batch before it: the samples are cut into as many
    stretches as a batch has places, of which the last may be shorter.
    """

    samples: int
    batch: int
    shuffle: bool = False
    drop_last: bool = False
    seed: int = 0
    rank: int = 0
    world: int = 1
    carry: bool = False

    @property
    def batches(self) -> int:
        """How many steps an epoch has."""
        full, rest = divmod(self.samples, self.batch)
        return full + (rest > 0 and (self.carry or not self.drop_last))

    def size(self, step: int) -> int:
        """How many samples the global batch of a step has."""
        if self.carry:
            every, longer = divmod(self.samples, self.batches)
            return every + (step < longer)
        return max(0, min(self.batch, self.samples - step * self.batch))

    def share(self, step: int) -> slice:
        """This rank's rows of the global batch."""
        size = self.size(step)
        if self.carry:  # the places of the first batch, so that a rank has the same stretches in every batch
            size, most = self.size(0), size
            return slice(min(most, size * self.rank // self.world), min(most, size * (self.rank + 1) // self.world))
        # shares differ by one sample at most, and together they are the batch, whatever the number of ranks
        return slice(size * self.rank // self.world, size * (self.rank + 1) // self.world)

    def shared(self, step: int) -> bool:
        """Whether this rank has a share of the global batch at all."""
        return len(range(self.size(step))[self.share(step)]) > 0

    def rows(self, step: int) -> slice:
        """The rows that this rank reads: its share. A rank without a share reads the first row, for its shape."""
        return self.share(step) if self.shared(step) else slice(0, 1)

    def order(self, epoch: int) -> Tensor:
        """The sample numbers in the order in which an epoch serves them."""
        if self.carry:
            return self._stretches()
        if not self.shuffle:
            return torch.arange(self.samples)
        return permutation(self.samples, ORDER, self.seed, epoch)

    def shares(self, order: Tensor, start: int = 0) -> list[Tensor]:
        """The sample numbers that this rank reads for each step from `start` on."""
        sizes = [self.size(step) for step in range(self.batches)] if self.carry else self.batch
        batches = torch.split(order, sizes)[start : self.batches]
        if self.world == 1:
            return list(batches)
        return [indices[self.rows(step)] for step, indices in enumerate(batches, start)]

    def moments(self, epoch: int, start: int = 0) -> Iterator[tuple[int, Moment]]:
        """Each step from `start` on: its number, its stream of random numbers and its global batch."""
        order = self.order(epoch)
        for step in range(start, self.batches):
            yield step, self.moment(order, epoch, step)

    def moment(self, order: Tensor, epoch: int, step: int) -> Moment:
        """The stream of random numbers of a step, and its global batch."""
        first = self._first(step)
        indices = order[first : first + self.size(step)]
        return Moment(indices, epoch, (AUGMENT, self.seed, epoch, step))

    def _first(self, step: int) -> int:
        """How many samples the steps before a step have."""
        if not self.carry:
            return step * self.batch
        every, longer = divmod(self.samples, self.batches)
        return step * every + min(step, longer)

    def _stretches(self) -> Tensor:
        """The sample numbers, batch by batch, of stretches that are read side by side; the last may be shorter."""
        steps = self.batches
        numbers = torch.arange(self.samples)
        return numbers[(numbers % steps).argsort(stable=True)]


@dataclass(frozen=True, eq=False)
class Planned:
    """What all pipelines have: transforms, the plan that they follow, and the device of the batches."""

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
