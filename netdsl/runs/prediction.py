"""What a trained net says of a sample that has a class, or of an image each pixel of which has one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from netdsl.core.shown import print_shown
from netdsl.core.text import text
from netdsl.data.overlays import classes_in, mask_png, overlay_mask, panels_png
from netdsl.data.seen_part import SeenPart
from netdsl.data.transforms.base import NO_CLASS

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


@dataclass(frozen=True, eq=False, repr=False)
class Segmentation:
    """The class of each pixel of an image.

    Args:
        names: those of the classes.
        probabilities: classes×h×w, those of each place that the net has seen, a sum of 1 over the classes.
        image: the image C×H×W as it was given, in bytes.
        seen: which part of it the net has seen.
    """

    names: tuple[str, ...]
    probabilities: Tensor
    image: Tensor
    seen: SeenPart

    @cached_property
    def mask(self) -> Tensor:
        """The number of the likeliest class of each pixel, H×W; -100 where the net has not seen the image."""
        return self.seen.fill(self.probabilities, *self.image.shape[1:])

    @cached_property
    def shares(self) -> dict[str, float]:
        """The share of the seen pixels that each class has, 0…1, by the names of the classes."""
        counts = self.mask[self.mask != NO_CLASS].bincount(minlength=len(self.names)).double()
        return dict(zip(self.names, (counts / counts.sum().clamp_min(1)).tolist(), strict=True))

    def top(self, count: int) -> list[tuple[str, float]]:
        """The classes that occur, the largest first, and the share of each."""
        found = sorted(self.shares.items(), key=lambda pair: -pair[1])
        return [pair for pair in found if pair[1] > 0][:count]

    def mask_png(self) -> bytes:
        """The mask as a PNG: class numbers with a palette, 255 where there is no class; `data masks` reads it.

        Raises:
            netdsl.data.DataError: there are more classes than 255.
        """
        return mask_png(self.mask, self.names)

    def overlay_png(self) -> bytes:
        """The image with its classes in colour and a legend, as a PNG."""
        drawn = overlay_mask(self.image, self.mask, self.names)
        return panels_png([("", drawn)], classes_in(self.mask), self.names)

    _repr_png_ = overlay_png

    def __repr__(self) -> str:
        return f"<{self}>"

    _repr_pretty_ = print_shown

    def __str__(self) -> str:
        shown = "  ".join(f"{name} {100 * share:.1f} %" for name, share in self.top(SHOWN))
        return shown or text("no pixel was seen")
