"""The site builds without a warning, in both languages, within its limit."""

import base64
import os
import re
import runpy
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, read_blocks

pytest.importorskip("mkdocs", reason="needs `netdsl[docs]`")

MOST_BYTES = 15_000_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    # The theme's makers advertise its successor, in a box on standard error.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    # Without `--quiet`, under which warnings are not counted.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_it_is_small_enough_for_every_host(site: Path) -> None:
    assert sum(file.stat().st_size for file in site.rglob("*") if file.is_file()) <= MOST_BYTES


def test_every_lesson_has_a_net_for_the_playground() -> None:
    hook = runpy.run_path(str(ROOT / "docs" / "site" / "playground.py"))
    for page in sorted((ROOT / "docs" / "course").glob("[0-9]*.md")):
        nets = [net for block in read_blocks(page) if (net := hook["net_of"](block)) is not None]
        assert nets, page.name
        for net in nets:
            packed = hook["link"](net).removeprefix("#text=")
            assert zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), -15).decode() == net


@pytest.mark.parametrize(("language", "heading"), [("", "convolution"), ("zh", "卷积")])
def test_every_word_has_its_place(site: Path, language: str, heading: str) -> None:
    page = (site / language / "reference" / "convolution" / "index.html").read_text(encoding="utf-8")
    assert re.search(f"<h1[^>]*>{heading}", page)
    assert re.search(r'id="conv"', page)


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    found = {
        link
        for page in site.rglob("*.html")
        for link in re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(https?://[^"]+)"', page.read_text("utf-8"))
    }
    assert found == set()


def test_what_material_asks_for_beside_a_page_is_there(site: Path) -> None:
    assert all(page.with_name("sitemap.xml").exists() for page in site.rglob("index.html"))
    assert not any("None" in sitemap.read_text(encoding="utf-8") for sitemap in site.rglob("sitemap.xml"))
