"""The page of a net in a real browser: each block opens and closes by itself, and nothing ever overlaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.drawing.nets import draw_net
from tests.needs import needs

CLOSED = "[data-fold]:not(.away)"
OPEN = "[data-frame]:not(.away)"
OVERLAPS = """() => {
  const seen = [...document.querySelectorAll("g[data-box]:not(.away), svg > text:not(.away)")];
  const areas = seen.map(one => one.getBoundingClientRect());
  const found = [];
  for (let one = 0; one < seen.length; one += 1) for (let other = one + 1; other < seen.length; other += 1) {
    const [a, b] = [areas[one], areas[other]];
    if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
      found.push(`${seen[one].textContent} / ${seen[other].textContent}`);
  }
  return found;
}"""

PLACES = """() => [...document.querySelectorAll("g[data-box]:not(.away), svg > text:not(.away)")]
  .map(one => [one.textContent, one.getAttribute("transform")])"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = needs("chromium", "google-chrome")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    said: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(60_000)
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    opened.close()
    assert said == []


def show(page: Any, name: str, folder: Path, **settings: Any) -> None:
    replace(draw_net(name), **settings).save(folder / "net.html")
    page.goto((folder / "net.html").as_uri())


@pytest.mark.parametrize("name", ["tudui", "digits", "resnet"])
def test_a_narrow_screen_shows_the_whole_width(page: Any, tmp_path: Path, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, name, tmp_path)
    assert page.evaluate("() => document.querySelector('main').scrollWidth") <= 390


@pytest.mark.parametrize("style", ["blocks", "volumes"])
@pytest.mark.parametrize("name", ["googlenet", "resnet", "unet", "vit"])
def test_a_block_opens_and_closes_alone(name: str, style: str, page: Any, tmp_path: Path) -> None:
    show(page, name, tmp_path, depth=0, style=style)
    closed = page.locator(CLOSED).count()
    assert closed
    before = page.evaluate(PLACES)
    assert page.locator(OPEN).count() == 0
    page.locator(CLOSED).first.click()
    assert page.locator(OPEN).count() == 1
    assert page.evaluate(OVERLAPS) == []
    page.locator(OPEN).click(position={"x": 3, "y": 30})
    assert page.locator(CLOSED).count() == closed
    assert page.evaluate(PLACES) == before


@pytest.mark.parametrize(
    ("name", "style"),
    [
        *((name, "blocks") for name in ("densenet121", "resnet", "unet", "excited")),
        *((name, "volumes") for name in ("resnet", "vgg", "ways")),
    ],
)
def test_the_keyboard_opens_all_and_closes_all(name: str, style: str, page: Any, tmp_path: Path) -> None:
    show(page, name, tmp_path, depth=0, style=style)
    closed = page.locator(CLOSED).count()
    assert closed
    while page.locator(CLOSED).count():
        page.locator(CLOSED).last.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
        assert page.evaluate(OVERLAPS) == []
    while page.locator(OPEN).count():
        page.locator(OPEN).last.focus()
        page.keyboard.press(" ")
    assert page.locator(CLOSED).count() == closed
    assert page.evaluate(OVERLAPS) == []


def test_a_closed_block_stands_in_the_place_of_its_last_map(page: Any, tmp_path: Path) -> None:
    seen = """() => ["polygon.window", "path.t", "path.n"].map(kind =>
      document.querySelectorAll(`svg > ${kind}:not(.away)`).length)"""
    show(page, "vgg", tmp_path, depth=1, style="volumes")
    window = page.locator("polygon.window").nth(2)  # on the last map of the first block, of the second block's first
    before = page.evaluate(seen)
    page.locator(OPEN).first.click(position={"x": 3, "y": 30})
    assert page.locator(CLOSED).count() == 1
    place = page.locator(CLOSED).locator("polygon.side").bounding_box()
    found = window.bounding_box()
    assert place["x"] <= found["x"] <= found["x"] + found["width"] <= place["x"] + place["width"]
    # Gone are the window on the input, which is the first map's in the block, and the one in the block; an arrow came.
    windows, lines, arrows = before
    assert page.evaluate(seen) == [windows - 2, lines - 4, arrows + 1]


def test_a_circle_and_a_volume_explain_themselves(page: Any, tmp_path: Path) -> None:
    show(page, "vit", tmp_path)
    page.locator("g:has(> circle)").first.hover()
    assert "residual" in page.locator("aside").inner_text()
    show(page, "lenet5", tmp_path, style="volumes")
    page.locator("polygon.front").nth(1).hover()
    said = page.locator("aside").inner_text()
    assert "conv 6 k5 p2" in said
    assert "(28 + 2·2 − 5)/1 + 1 = 28" in said
