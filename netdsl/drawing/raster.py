"""A picture as PNG or PDF, by cairosvg."""

from __future__ import annotations

from types import ModuleType

from netdsl.core.errors import ExportError
from netdsl.core.text import text

SCALE = 2.0
"""PNG at twice the size, for screens of today."""


def write_png(svg: str) -> bytes:
    """The picture as PNG.

    Raises:
        ExportError: cairosvg is not installed.
    """
    content: bytes = _cairosvg().svg2png(bytestring=svg.encode(), scale=SCALE)
    return content


def write_pdf(svg: str) -> bytes:
    """The picture as PDF.

    Raises:
        ExportError: cairosvg is not installed.
    """
    content: bytes = _cairosvg().svg2pdf(bytestring=svg.encode())
    return content


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
