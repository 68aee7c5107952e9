"""The pictures of a report and of a look inside in the pages: `python -m tests.docs.screenshots` makes them anew.

It trains examples/digits.net for a few seconds, and needs playwright with a Chromium of the system. A measured time is
in the report, so that no test compares these pictures.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

import netdsl
from tests.docs.blocks import ROOT

PICTURES = ROOT / "docs" / "pictures"
EXAMPLE = ROOT / "examples" / "digits.net"
WIDTH, HEIGHT = 1080, 900
COLORS = 256
"""So many colours are enough for such a page, and make a file a third as large."""


def main() -> None:
    """Trains, and writes both pictures."""
    with TemporaryDirectory() as folder:
        os.chdir(folder)  # the page names the folder of the run
        run = Path("runs/digits")
        netdsl.train(EXAMPLE, overrides={"train.epochs": "8", "train.every": "5"}, out=run, quiet=True)
        _photograph(run / "report.html", PICTURES / "report.png")
        netdsl.look(run, 3).save("look.html")
        _photograph(Path("look.html"), PICTURES / "look.png")


def _photograph(page: Path, picture: Path) -> None:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        opened.goto(page.absolute().as_uri())
        image = Image.open(io.BytesIO(opened.screenshot()))
        browser.close()
    image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(picture, optimize=True)
    print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
