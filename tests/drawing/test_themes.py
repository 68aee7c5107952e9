"""The palette, as people see it who do not see all colours."""

from itertools import combinations

import pytest

from netdsl.drawing.themes import HUES, THEMES, mix

# Machado et al., "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009: severity 1.
DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}
JUST_SEEN = 2.3
"""The smallest difference in CIELAB that one notices."""


def linear(color: str) -> list[float]:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def lab(rgb: list[float]) -> tuple[float, float, float]:
    red, green, blue = (min(max(channel, 0), 1) for channel in rgb)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, matrix: tuple[tuple[float, ...], ...]) -> float:
    def see(color: str) -> tuple[float, float, float]:
        rgb = linear(color)
        return lab([sum(a * b for a, b in zip(row, rgb, strict=True)) for row in matrix])

    return sum((a - b) ** 2 for a, b in zip(see(one), see(other), strict=True)) ** 0.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_families_can_be_told_apart(theme: str, deficiency: str) -> None:
    fills = {family: THEMES[theme].fill(family) for family in HUES}
    apart = {pair: distance(fills[pair[0]], fills[pair[1]], DEFICIENCIES[deficiency]) for pair in combinations(HUES, 2)}
    assert {pair: round(found, 1) for pair, found in apart.items() if found < 2 * JUST_SEEN} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_contrast(theme: str) -> None:
    """At least 4.5 to 1, as WCAG asks for."""

    def luminance(color: str) -> float:
        red, green, blue = linear(color)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(words: str, ground: str) -> float:
        light, dark = sorted((luminance(words), luminance(ground)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    colors = THEMES[theme]
    around = [colors.page, colors.ground, colors.frame]
    boxes = [colors.alarm, *(colors.fill(family) for family in HUES)]
    pairs = [(words, ground) for words in (colors.ink, colors.soft, colors.label) for ground in (*around, *boxes)]
    pairs += [(words, ground) for words in (colors.muted, colors.wrong) for ground in around]
    pairs.append((colors.wrong, colors.alarm))
    assert {pair: found for pair in pairs if (found := round(contrast(*pair), 2)) < 4.5} == {}


def test_a_mix_lies_between() -> None:
    assert mix("#ff0000", "#0000ff", 0.5) == "#800080"
    assert mix("#ff0000", "#0000ff", 1) == "#ff0000"
