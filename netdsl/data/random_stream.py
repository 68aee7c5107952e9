"""Random numbers as a function of (seed, epoch, step). Nothing is remembered, so a run can resume at any step.

Numbers are drawn on the CPU for the whole global batch, and each rank takes its rows. So every device, and every
number of processes, sees the same data.
"""

from __future__ import annotations

import struct
from hashlib import blake2b

import torch
from torch import Tensor

ORDER, AUGMENT, SPLIT, LIMIT, SAMPLE, FAKE, SEEN, SHAPES, PLANE, PAIRS = range(10)
"""The purpose of a draw: each purpose has its own stream."""


def seed_of(*counters: int) -> int:
    """A seed from any counters. Counters that differ by 1 give unrelated streams."""
    digest = blake2b(struct.pack(f"<{len(counters)}q", *counters), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1  # torch's generators take seeds below 2**63


def generator(*counters: int) -> torch.Generator:
    """A generator on the CPU for any counters."""
    return torch.Generator().manual_seed(seed_of(*counters))


def permutation(samples: int, *counters: int) -> Tensor:
    """A random order of the samples."""
    # on the CPU, whatever the device: CUDA's generator would draw another order
    return torch.randperm(samples, generator=generator(*counters))


class Moment:
    """What a transform draws from: the step's stream, the epoch, and the sample numbers of the global batch."""

    def __init__(
        self, indices: Tensor, epoch: int = 0, counters: tuple[int, ...] = (), source: torch.Generator | None = None
    ) -> None:
        self.indices, self.epoch = indices, epoch
        self._counters, self._source = counters, source
        self._branches: dict[int, Moment] = {}

    @property
    def generator(self) -> torch.Generator:
        """The stream. It is made at the first draw, because many steps draw nothing."""
        self._source = self._source or generator(*self._counters)
        return self._source

    def branch(self, number: int) -> Moment:
        """The same moment for one of several inputs: each draws what it would alone, so that all are moved alike."""
        return self._branches.setdefault(number, Moment(self.indices, self.epoch, self._counters))

    def __len__(self) -> int:
        return len(self.indices)

    def uniform(self, low: float = 0.0, high: float = 1.0, *, count: int | None = None) -> Tensor:
        """A number for each sample of the batch, or `count` numbers for each sample."""
        size = (len(self),) if count is None else (len(self), count)
        return torch.rand(size, generator=self.generator) * (high - low) + low

    def chance(self, p: float) -> Tensor:
        """True or false for each sample, true with probability `p`."""
        return torch.rand(len(self), generator=self.generator) < p

    def integers(self, below: int) -> Tensor:
        """A whole number for each sample, from 0 to `below - 1`."""
        return torch.randint(below, (len(self),), generator=self.generator)
