"""Targets at each position of a sample: where a net's output has its classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from netdsl.core.sizes import Dim

D = TypeVar("D")

__all__ = ["classes_stand_last", "positions_of_sample"]


def positions_of_sample(sample: Sequence[D]) -> tuple[D, ...]:
    """The positions of a sample: H×W of an image, T of a sequence T×F or of T indices."""
    return tuple(sample[1:]) if len(sample) == 3 else tuple(sample[:1])


def classes_stand_last(out: Sequence[Dim], positions: Sequence[Dim]) -> bool:
    """Whether an output is positions×classes, as of a `linear` over T×F, and not classes×positions.

    Where both may be, as of 5×5 for five steps, a sequence has its classes last and an image has them first.
    """
    last, first = tuple(out[:-1]) == tuple(positions), tuple(out[1:]) == tuple(positions)
    return last and not (first and len(positions) > 1)
