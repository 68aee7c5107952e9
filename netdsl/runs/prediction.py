"""What a trained net says of a sample that has a class."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from netdsl.core.shown import print_shown

SHOWN = 3
"""So many classes are shown, the likeliest first."""


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """The class of a sample.

    Args:
        names: those of the classes.
        probabilities: one a class, a sum of 1.
    """

    names: tuple[str, ...]
    probabilities: Tensor

    @property
    def index(self) -> int:
        """The number of the likeliest class, from 0."""
        return int(self.probabilities.argmax())

    @property
    def label(self) -> str:
        """Its name."""
        return self.names[self.index]

    @property
    def probability(self) -> float:
        """How likely it is."""
        return float(self.probabilities.max())

    def top(self, count: int) -> list[tuple[int, float]]:
        """The likeliest classes by their numbers, and how likely each is."""
        values, classes = self.probabilities.topk(min(count, len(self.probabilities)))
        return list(zip(classes.tolist(), values.tolist(), strict=True))

    def __repr__(self) -> str:
        return f"<{self.label}: {100 * self.probability:.1f} %>"

    _repr_pretty_ = print_shown

    def __str__(self) -> str:
        return "  ".join(f"{self.names[index]} {100 * share:.1f} %" for index, share in self.top(SHOWN))
