"""What torchvision says of its trained models: the weights that there are, and the images that classifiers expect.

The table is torchvision's own metadata, written down so that a check need not import it; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

PREFIX = "torchvision:"
TABLE = Path(__file__).with_suffix(".txt")

RESCALING = frozenset({"googlenet", "inception_v3"})
"""Models that change the scale of an image themselves; a net of ours has to be given the scale that they make of it."""


class ExpectedImages(NamedTuple):
    """How an image is prepared for trained weights.

    Args:
        resize: the length that the shorter side is scaled to, in pixels.
        crop: the size of the piece in the middle, in pixels.
        mean, std: what each channel, scaled to 0…1, is normalised with.
    """

    resize: int
    crop: int
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    @property
    def normalize(self) -> str:
        """The transform in the language: `normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225`."""
        mean, std = (",".join(f"{one:g}" for one in values) for values in (self.mean, self.std))
        return f"normalize mean={mean} std={std}"


@cache
def known_weights() -> Mapping[str, Mapping[str, ExpectedImages | None]]:
    """The weights of each model by their names, those that torchvision takes unless told otherwise first.

    Of models that are no classifiers, nothing is known of the images.
    """
    found: dict[str, dict[str, ExpectedImages | None]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            model, weights, *images = line.split()
            found.setdefault(model, {})[weights] = _read_images(*images) if images else None
    return found


def _read_images(resize: str, crop: str, *scale: str) -> ExpectedImages:
    statistics = (tuple(map(float, one.split(","))) for one in scale)
    return ExpectedImages(int(resize), int(crop), *statistics)


def part_source(source: str) -> tuple[str, str]:
    """The model and the weights that `torchvision:MODEL:WEIGHTS` names; the latter may be left out."""
    model, _, weights = source.removeprefix(PREFIX).partition(":")
    return model, weights


def expected_images(source: str | None) -> ExpectedImages | None:
    """What weights that are named so expect of an image; None for any but torchvision's."""
    if source is None or not source.startswith(PREFIX):
        return None
    model, weights = part_source(source)
    known = known_weights().get(model, {})
    return known.get(weights or next(iter(known), ""))
