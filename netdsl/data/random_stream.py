"""Randomness as a function of (seed, epoch, step): nothing is remembered, so a run can begin anywhere.

Draws are made on the CPU for the whole global batch, and each rank takes its rows of them. So every device, and every
number of processes, sees the same data.
"""

from __future__ import annotations

import struct
from hashlib import blake2b

import torch
from torch import Tensor

ORDER, AUGMENT, SPLIT, LIMIT, SAMPLE, FAKE, SEEN, SHAPES, PLANE = range(9)
"""What a number is drawn for; so no two uses share a stream."""


def seed_of(*counters: int) -> int:
    """A seed for a generator from any counters: neighbours get unrelated streams."""
    digest = blake2b(struct.pack(f"<{len(counters)}q", *counters), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1  # torch's generators take no seed of 64 bits


def generator(*counters: int) -> torch.Generator:
    """A generator on the CPU for any counters."""
    return torch.Generator().manual_seed(seed_of(*counters))


def permutation(samples: int, *counters: int) -> Tensor:
    """A random order of the samples."""
    # on the CPU, whatever the device: CUDA's generator would draw another order
    return torch.randperm(samples, generator=generator(*counters))


class Moment:
    """When and for whom a transform draws: the step's stream, the epoch, and the sample numbers of the global batch."""

    def __init__(
        self, indices: Tensor, epoch: int = 0, counters: tuple[int, ...] = (), source: torch.Generator | None = None
    ) -> None:
        self.indices, self.epoch = indices, epoch
        self._counters, self._source = counters, source

    @property
    def generator(self) -> torch.Generator:
        """The stream; made when something is first drawn, for many steps draw nothing."""
        self._source = self._source or generator(*self._counters)
        return self._source

    def __len__(self) -> int:
        return len(self.indices)

    def uniform(self, low: float = 0.0, high: float = 1.0, *, count: int | None = None) -> Tensor:
        """A number for each sample of the batch, or `count` numbers for each."""
        size = (len(self),) if count is None else (len(self), count)
        return torch.rand(size, generator=self.generator) * (high - low) + low

    def chance(self, p: float) -> Tensor:
        """Yes or no for each sample, yes with probability `p`."""
        return torch.rand(len(self), generator=self.generator) < p

    def integers(self, below: int) -> Tensor:
        """A whole number from 0 up to, not including, `below`, for each sample."""
        return torch.randint(below, (len(self),), generator=self.generator)
