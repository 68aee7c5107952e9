import re
from functools import cache
from pathlib import Path

import pytest

import netdsl
from netdsl.checker import check
from netdsl.codes import CODES
from netdsl.codes.page import Page
from netdsl.core.source import Source
from netdsl.plugins.registry import Registry, load_registry
from netdsl.render.cells import width
from netdsl.render.code_pages import code_list, code_page

ROOT = Path(netdsl.__file__).parent
TOO_LARGE_TO_SHOW = {
    "NET401": "relu " + "x" * (1 << 16),
    "NET402": f"let a={'(' * 65}1{')' * 65}; conv 3->a k3",
    "NET404": "conv 3->4 k3 @@\n" * 1001,
}
EXAMPLES = [page for page in CODES.values() if page.code not in TOO_LARGE_TO_SHOW]


@cache
def registry() -> Registry:
    return load_registry(installed=False)


def codes(text: str, folder: Path) -> list[str]:
    return [found.code for found in check(Source(str(folder / "example.net"), text), registry())[1]]


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    files = [file for file in ROOT.rglob("*.py") if "codes" not in file.relative_to(ROOT).parts]
    raised = {code for file in files for code in re.findall(r'"(NET\d{3})"', file.read_text(encoding="utf-8"))}
    assert raised == CODES.keys()


@pytest.mark.parametrize("page", EXAMPLES, ids=[page.code for page in EXAMPLES])
def test_an_example_has_its_mistake_once_and_the_text_to_write_instead_has_none(page: Page, tmp_path: Path) -> None:
    assert codes(page.example, tmp_path) == [page.code]
    assert page.instead
    assert codes(page.instead, tmp_path) == []


@pytest.mark.parametrize(("code", "text"), TOO_LARGE_TO_SHOW.items(), ids=TOO_LARGE_TO_SHOW)
def test_a_mistake_too_large_to_show_is_told_in_words(code: str, text: str, tmp_path: Path) -> None:
    assert codes(text, tmp_path)[-1] == code
    assert not CODES[code].example


@pytest.mark.parametrize("page", CODES.values(), ids=CODES)
def test_a_page_fits(page: Page) -> None:
    lines = code_page(page).splitlines()
    assert lines[0] == f"{page.code}: {page.title}"
    assert max(map(width, lines)) <= 80
    assert page.meaning.endswith(".")


def test_the_list_of_codes_is_sorted() -> None:
    lines = code_list(CODES.values()).splitlines()
    assert lines == sorted(lines)
    assert len(lines) == len(CODES)
