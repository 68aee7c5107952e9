"""The table of widths beside the fonts themselves."""

from pathlib import Path

import pytest

from netdsl.drawing.text_width import crop_to, measure

FONTS = Path("/usr/share/fonts/truetype/dejavu")
TEXTS = ["conv 3->32 k5 p2", "64×112×112", "36.9k params", "⌊(H − 2)/2⌋ + 1 = H/2", "a…b → c·d", "WAVE fi fl", "Größe"]


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_wider_than_measured(text: str, bold: bool) -> None:
    fonts = pytest.importorskip("PIL.ImageFont", reason="Pillow measures the real font")
    file = FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    if not file.is_file():
        pytest.skip("DejaVu Sans is not installed")
    real = fonts.truetype(str(file), 1000).getlength(text) / 1000
    measured = measure(text, 1, bold=bold)
    assert real <= measured * 1.005
    assert measured <= real * 1.35


def test_wide_and_combining_characters() -> None:
    assert measure("网络", 10) == 20
    assert measure("e\N{COMBINING ACUTE ACCENT}", 10) == measure("e", 10)


def test_a_crop_fits_and_says_so() -> None:
    words = "a label that nobody should give"
    cropped = crop_to(words, 60, 10)
    assert cropped.endswith("…")
    assert measure(cropped, 10) <= 60
    assert crop_to("conv", 60, 10) == "conv"
