"""The training loop's view of the data: batches, ready on the device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, Self

from torch import Tensor

from netdsl.data.inputs import Samples


class Batch(NamedTuple):
    """Samples and their targets, transformed, on the device.

    `x` holds real numbers (whole ones for an embedding). `y` holds whole numbers N for classes and real numbers N×…
    otherwise, or N×classes if a transform has mixed the classes. Of several inputs, `x` has a tensor for each.
    """

    x: Samples
    y: Tensor


class Pipeline(Protocol):
    """One part of a data set, served in batches. Every epoch is a function of the seed and its number alone."""

    @property
    def samples(self) -> int:
        """How many samples an epoch serves to all ranks together, without those that `drop_last` leaves out."""

    @property
    def batch(self) -> int:
        """The size of the global batch."""

    @property
    def batches(self) -> int:
        """How many steps an epoch has."""

    def size(self, step: int) -> int:
        """How many samples the global batch of a step has; only the last may have fewer than `batch`."""

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """This rank's share of each batch of an epoch, from step `start` on."""

    def batched(self, batch: int) -> Self:
        """The same samples in batches of another size."""

    def channels_last(self) -> Self:
        """The same samples in the memory format channels-last."""
