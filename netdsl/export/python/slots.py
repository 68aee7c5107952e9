"""The layers of a body, compared between its uses: which layers a `repeat` has made, and how often in each use."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from netdsl.program import Node

Body = Sequence[Node] | None
"""A body's nodes in one use of the block around it; None if that use has no such body."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A sequence of statements with its iterations in each use: one, or more inside a `repeat`."""

    iterations: tuple[Sequence[Sequence[Node]] | None, ...]

    @property
    def counts(self) -> set[int]:
        """The number of iterations in each use."""
        return {len(use) for use in self.iterations if use is not None}

    def iteration(self, index: int) -> list[Body]:
        """One of the iterations in every use."""
        return [None if use is None else use[index] for use in self.iterations]

    def after_the_first(self) -> Slot:
        """The iterations that follow the first."""
        return Slot(tuple(None if use is None else use[1:] for use in self.iterations))


def slots(bodies: Sequence[Body]) -> list[Slot]:
    """The slots of a body that is written once and used several times, in the order of the text.

    Nodes follow the order of the text. If a node comes after one that stands below it in the text, both are in one
    `repeat`.
    """
    intervals = _intervals([body for body in bodies if body is not None])
    firsts = [first for first, _ in intervals]
    # By bisection, because deep nets have thousands of nodes in a body.
    parts = [None if body is None else _parts(body, firsts) for body in bodies]
    return [
        Slot(tuple(None if part is None else _iterations(part[index]) for part in parts))
        for index in range(len(intervals))
    ]


def _parts(body: Sequence[Node], firsts: Sequence[int]) -> list[list[Node]]:
    """The nodes of each interval. `firsts` are the places where the intervals begin."""
    parts: list[list[Node]] = [[] for _ in firsts]
    for node in body:
        parts[bisect_right(firsts, node.span.start) - 1].append(node)
    return parts


def _intervals(bodies: Sequence[Sequence[Node]]) -> list[tuple[int, int]]:
    """The places of statements as intervals; the statements of one `repeat` form one interval."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted({interval for body in bodies for interval in _held_together(body)}):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _held_together(body: Sequence[Node]) -> Iterator[tuple[int, int]]:
    starts = [node.span.start for node in body]
    yield from ((start, start) for start in starts)
    # A statement after one that stands below it in the text must be from a later round.
    yield from ((after, before) for before, after in pairwise(starts) if after <= before)


def _iterations(nodes: Sequence[Node]) -> Sequence[Sequence[Node]]:
    """The nodes of an interval, split where the first statement comes again."""
    found: list[list[Node]] = []
    for node in nodes:
        if not found or node.span.start <= found[-1][0].span.start:
            found.append([])
        found[-1].append(node)
    return found
