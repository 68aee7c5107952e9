"""Sizes of what goes through a net in a pasted `forward`: only a batch has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netdsl.importer.pasted.python.places import NotWorkedOut
from netdsl.importer.pasted.python.tracing import TracedValue


class BatchSize:
    """The size of the batch: `x.size(0)`, `x.shape[0]`."""


@dataclass(frozen=True)
class AxisSize(NotWorkedOut):
    """The size of another axis, or an equal part of it: `x.size(1)`, `x.size(1) // 2`; `axis` counts the batch."""

    of: TracedValue | None = None
    axis: int = 0
    divisor: int = 1


@dataclass(frozen=True)
class AllSizes:
    """`x.shape`, `x.size()`."""

    of: TracedValue

    def at(self, index: object) -> BatchSize | NotWorkedOut:
        """The size of an axis; one that is counted from the end, or several, are not worked out."""
        if index == 0:
            return BatchSize()
        return AxisSize(of=self.of, axis=index) if isinstance(index, int) and index > 0 else NotWorkedOut()

    def unpacked(self, count: int) -> Sequence[object]:
        """As many sizes as there are names on the left: `n, c, h, w = x.shape`."""
        return tuple(map(self.at, range(count)))
