"""A font for text in pictures: one that has all letters of the text."""

from __future__ import annotations

from functools import cache

from PIL import ImageFont

LETTERS = 15
"""The size of what is written below pictures of samples."""

PAPER, INK = (255, 255, 255), (31, 38, 46)

FONTS = (
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSerifCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "Arial Unicode.ttf",
)
"""Fonts of Linux, Windows and macOS; those for European languages come first."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def find_font(size: int, words: str) -> Font:
    """A font of the system that has the letters, else the font that comes with PIL."""
    own = ImageFont.load_default(size)
    if words.isascii():
        return own
    fonts = [font for name in FONTS if (font := _open(name, size)) is not None]
    whole = [font for font in fonts if all(_has(font, letter) for letter in set(words))]
    return [*whole, *fonts, own][0]


@cache
def _open(name: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


def _has(font: ImageFont.FreeTypeFont, letter: str) -> bool:
    # A font draws each character that it lacks with one glyph; no font has U+FFFF, so it shows that glyph.
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
