import re
from functools import cache
from pathlib import Path

import pytest

import netdsl
from netdsl.checker import check
from netdsl.codes import CODES
from netdsl.diagnostics import errors
from netdsl.plugins import Registry, load_registry
from netdsl.render.cells import width
from netdsl.render.codes import code_list, code_page
from netdsl.source import Source

ROOT = Path(netdsl.__file__).parent
EXAMPLES = [page for page in CODES.values() if page.example]


@cache
def registry() -> Registry:
    return load_registry(installed=False)


def codes(text: str, folder: Path) -> tuple[set[str], bool]:
    _, diagnostics = check(Source(str(folder / "example.net"), text), registry())
    return {diagnostic.code for diagnostic in diagnostics}, bool(errors(diagnostics))


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    files = [file for file in ROOT.rglob("*.py") if "codes" not in file.relative_to(ROOT).parts]
    raised = {code for file in files for code in re.findall(r'"(NET\d{3})"', file.read_text(encoding="utf-8"))}
    assert raised == CODES.keys()


@pytest.mark.parametrize("page", EXAMPLES, ids=[page.code for page in EXAMPLES])
def test_an_example_shows_its_mistake_and_the_other_text_shows_none(page: object, tmp_path: Path) -> None:
    assert codes(page.example, tmp_path)[0] == {page.code}
    if page.instead:
        found, wrong = codes(page.instead, tmp_path)
        assert (page.code in found, wrong) == (False, False)


@pytest.mark.parametrize("page", CODES.values(), ids=CODES)
def test_a_page_fits(page: object) -> None:
    lines = code_page(page).splitlines()
    assert lines[0] == f"{page.code}: {page.title}"
    assert max(map(width, lines)) <= 80 or page.code == "NET402"


def test_the_list_of_codes_is_sorted() -> None:
    lines = code_list(CODES.values()).splitlines()
    assert lines == sorted(lines)
    assert len(lines) == len(CODES)
