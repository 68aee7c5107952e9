"""A picture as PNG or PDF, by cairosvg."""

from __future__ import annotations

from types import ModuleType
from unicodedata import east_asian_width

from netdsl.core.errors import ExportError
from netdsl.core.text import text
from netdsl.drawing.svg import FONTS

SCALE = 2.0
"""PNG at twice the size, for screens of today."""

WIDE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Arial Unicode MS",
)
"""Fonts of Linux, Windows and macOS that have Chinese letters."""


def write_png(svg: str) -> bytes:
    """The picture as PNG.

    Raises:
        ExportError: cairosvg is not installed.
    """
    content: bytes = _cairosvg().svg2png(bytestring=_lettered(svg).encode(), scale=SCALE)
    return content


def write_pdf(svg: str) -> bytes:
    """The picture as PDF.

    Raises:
        ExportError: cairosvg is not installed.
    """
    content: bytes = _cairosvg().svg2pdf(bytestring=_lettered(svg).encode())
    return content


def _lettered(svg: str) -> str:
    """The picture in a font that has all its letters: cairo takes no letter from a second font, as browsers do."""
    letters = {letter for letter in svg if east_asian_width(letter) in "WF"}
    if not letters:
        return svg
    _cairosvg()
    import cairocffi  # what cairosvg draws with

    context = cairocffi.Context(cairocffi.SVGSurface(None, 1, 1))
    for name in WIDE_FONTS:
        context.select_font_face(name)
        glyphs = context.get_scaled_font().text_to_glyphs(0, 0, "".join(sorted(letters)), with_clusters=False)
        if all(number for number, _, _ in glyphs):  # 0 is the glyph of what a font lacks
            return svg.replace(FONTS, f"'{name}'")
    return svg


def _cairosvg() -> ModuleType:
    try:
        import cairosvg
    # OSError: the package is there, but not the library cairo that it calls.
    except (ImportError, OSError) as error:
        raise ExportError(
            text("PNG and PDF need cairosvg, which cannot be imported"),
            help=text('`pip install "netdsl[draw]"`, or write SVG: `-o net.svg`'),
        ) from error
    found: ModuleType = cairosvg
    return found
