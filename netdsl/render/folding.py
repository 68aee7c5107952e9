"""Siblings that stand several times in a row, as `repeat` leaves them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

from netdsl.program import Node, stretches


def find_kind(node: Node) -> Hashable:
    """What two nodes share that one statement wrote and that do the same."""
    return node.span, node.written, node.input, node.out, node.params


def fold(nodes: Sequence[Node], kind: Callable[[Node], Hashable] = find_kind) -> Iterator[tuple[Sequence[Node], int]]:
    """The nodes as stretches, each with how many times it stands in a row: `a b b b c` is `a`, three times `b`, `c`."""
    kinds = _kinds(nodes, kind)
    following = _following(kinds)
    start = 0
    while start < len(nodes):
        length, times = _run(kinds, following, start)
        yield nodes[start : start + length], times
        start += length * times


def _kinds(nodes: Sequence[Node], kind: Callable[[Node], Hashable]) -> list[Hashable]:
    """The kind of each node, asked once for those that are kept once."""
    kinds: list[Hashable] = []
    for rounds in stretches(nodes):
        kinds += (_kinds(rounds[0], kind) if len(rounds) > 1 else [kind(node) for node in rounds[0]]) * len(rounds)
    return kinds


def _following(kinds: Sequence[Hashable]) -> list[int]:
    """Where each kind stands next; its own place where it does not."""
    seen: dict[Hashable, int] = {}
    following = list(range(len(kinds)))
    for place in reversed(range(len(kinds))):
        following[place] = seen.get(kinds[place], place)
        seen[kinds[place]] = place
    return following


def _run(kinds: Sequence[Hashable], following: Sequence[int], start: int) -> tuple[int, int]:
    """The length of the stretch that begins here, and how many times it stands in a row."""
    # Only the distance to the next equal node is tried as a period: all of them would take quadratic time.
    length = following[start] - start
    if not length:
        return 1, 1
    stretch, times = kinds[start : start + length], 1
    while kinds[start + times * length : start + (times + 1) * length] == stretch:
        times += 1
    return (length, times) if times > 1 else (1, 1)
