"""Colours of classes in pictures of masks, the same everywhere, which the colour-blind can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Rgb(NamedTuple):
    """A colour, 0…255 each."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        """As a page has it."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


HUES = (
    Rgb(230, 159, 0),
    Rgb(86, 180, 233),
    Rgb(204, 121, 167),
    Rgb(0, 158, 115),
    Rgb(240, 228, 66),
    Rgb(0, 114, 178),
    Rgb(213, 94, 0),
)
"""Those of Okabe and Ito, "Color Universal Design", 2008, without black: https://jfly.uni-koeln.de/color/."""

DARKER, LIGHTER = 0.45, 0.4
"""Of more classes than there are hues, the next ones have them with so much of their light, then nearer to white."""

NEUTRAL = Rgb(110, 110, 110)
"""Of the background, which a picture leaves as it is."""


def class_color(number: int, names: Sequence[str] = ()) -> Rgb:
    """The colour of a class, by its number; after 21 they begin anew."""
    if is_background(number, names):
        return NEUTRAL
    # Where class 0 is the background, the first hue is free for class 1.
    place = number - 1 if is_background(0, names) else number
    hue, shade = HUES[place % len(HUES)], place // len(HUES) % 3
    if shade == 1:
        return Rgb(*(round(part * DARKER) for part in hue))
    if shade == 2:
        return Rgb(*(round(part + (255 - part) * LIGHTER) for part in hue))
    return hue


def is_background(number: int, names: Sequence[str] = ()) -> bool:
    """Whether a class is what lies behind the things: the one that is called so, or class 0 where none has a name."""
    if number < len(names):
        return names[number].lower() in ("background", "bg", "0")
    return number == 0 and not names
