"""Colours by family of layers, which the colour-blind can tell apart.

The hues are those of Okabe and Ito, "Color Universal Design", 2008: https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

HUES: Mapping[str, str] = {
    "convolution": "#e69f00",
    "linear": "#0072b2",
    "pooling": "#d55e00",
    "normalisation": "#56b4e9",
    "activation": "#f0e442",
    "sequence": "#cc79a7",
    "composite": "#009e73",
    "block": "#4d5b6b",
    "regularisation": "#b0b0b0",
    "shape": "#d9d2bf",
}
"""The full colour of each family, in the order of the legend."""

OTHER = "#7d6b9e"
"""Of families that plugins bring."""


class Theme(NamedTuple):
    """The colours of a picture.

    Args:
        page: behind everything.
        ink, muted, label, wrong: of texts.
        soft: of what is muted in a box, whose ground asks for more contrast.
        alarm: the ground of what is wrong.
        line: of arrows.
        frame, border: the ground of frames and their border.
        tint: how much of a family's hue is in the ground of its boxes, the rest is `ground`.
        shade: how much of it is in their border, the rest is `ink`.
    """

    page: str
    ground: str
    ink: str
    muted: str
    soft: str
    label: str
    wrong: str
    alarm: str
    line: str
    frame: str
    border: str
    tint: float
    shade: float

    def fill(self, family: str) -> str:
        """The ground of a family's boxes, and of what no layer made, which has none."""
        return mix(HUES.get(family, OTHER), self.ground, self.tint) if family else self.frame

    def stroke(self, family: str) -> str:
        """The border of a family's boxes."""
        return mix(HUES.get(family, OTHER), self.ink, self.shade) if family else self.line


THEMES = {
    "light": Theme(
        page="#ffffff",
        ground="#ffffff",
        ink="#1c2733",
        muted="#5b6875",
        soft="#414c57",
        label="#00543e",
        wrong="#b3261e",
        alarm="#fdeceb",
        line="#44515e",
        frame="#f6f7f9",
        border="#b8c0c9",
        tint=0.40,
        shade=0.72,
    ),
    "dark": Theme(
        page="#14191f",
        ground="#14191f",
        ink="#eef2f6",
        muted="#a3b0bd",
        soft="#d3dbe2",
        label="#98ecd2",
        wrong="#ff8a80",
        alarm="#38191c",
        line="#9aa7b4",
        frame="#191f26",
        border="#46525e",
        tint=0.34,
        shade=0.72,
    ),
    "print": Theme(
        page="#ffffff",
        ground="#ffffff",
        ink="#000000",
        muted="#333333",
        soft="#333333",
        label="#000000",
        wrong="#000000",
        alarm="#ffffff",
        line="#000000",
        frame="#ffffff",
        border="#666666",
        tint=0.40,
        shade=0.45,
    ),
}


def mix(one: str, other: str, share: float) -> str:
    """A colour between two: `share` of the first."""
    pairs = zip(_numbers(one), _numbers(other), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


def _numbers(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
