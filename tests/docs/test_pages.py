"""The pages of docs/ are true where that can be held: what is made from the program, and what they name."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.plugins import hookspecs
from netdsl.plugins.registry import load_registry
from tests.docs.blocks import BLOCK, PAGES, ROOT, page_language
from tests.docs.pages import MADE_PAGES

HOOKS = {name: getattr(hookspecs, name) for name in vars(hookspecs) if name.startswith("netdsl_")}
TEXTS = {page: BLOCK.sub("", page.read_text(encoding="utf-8")) for page in PAGES}
"""The pages without their code blocks."""

FILE = re.compile(
    r"`((?:netdsl|tests|docs|examples|plugins|changelog\.d|\.ci|\.github)/[\w./-]*|[\w.-]+\.(?:toml|cff|yaml))`"
)
"""A path in backticks: `netdsl/cli/run.py`, `tests/golden/`, `pyproject.toml`."""

PLACEHOLDER = re.compile("FOLDER|NAME")

LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


def anchors(page: Path) -> set[str]:
    """What links may name on a page: its headings in lower case, blanks as hyphens, other marks left out."""
    headings = re.findall(r"^#+ (.*)$", TEXTS[page], re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MADE_PAGES, ids=lambda page: page.name)
def test_a_made_page_is_what_the_program_says(page: Path) -> None:
    made: Callable[[], str] = MADE_PAGES[page]
    assert page.read_text(encoding="utf-8") == made(), "run `python -m tests.docs.pages --write`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = {name for name in FILE.findall(TEXTS[page]) if not PLACEHOLDER.search(name)}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(TEXTS[page]):
        if not target.startswith("http"):
            file = (page.parent / target).resolve() if target else page
            assert file.exists(), f"{page.name} links to {target}"
            # A link of a Chinese page leads to the Chinese form of another, where there is one.
            twin = file.with_name(file.name.replace(".md", ".zh.md"))
            file = twin if page_language(page) == "zh" and twin.is_file() else file
            assert not anchor or anchor[1:] in anchors(file), f"{page.name} links to {target}{anchor}"


def test_every_page_is_linked_from_another() -> None:
    linked = {(page.parent / target).resolve() for page in PAGES for target, _ in LINK.findall(TEXTS[page]) if target}
    # A Chinese page is reached by the switch of languages.
    pages = {page for page in PAGES if page != ROOT / "README.md" and page_language(page) == "en"}
    assert sorted(str(page) for page in pages if page not in linked) == []


def test_every_chinese_page_has_its_english_one() -> None:
    chinese = [page for page in PAGES if page_language(page) == "zh"]
    assert [page.name for page in chinese if not page.with_name(page.name.replace(".zh.md", ".md")).is_file()] == []


@pytest.mark.parametrize(("page", "heading"), [("language.md", "Layers"), ("language.zh.md", "层")])
def test_the_language_page_names_every_layer(page: str, heading: str) -> None:
    section = TEXTS[ROOT / "docs" / page].partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ")[1] for line in section.splitlines() if line.startswith("| ")][1:]
    named = {name for cell in cells for name in re.findall(r"\w+", re.sub(r"[(（].*?[)）]", "", cell))}
    layers = load_registry(installed=False).layers
    assert sorted(name for name in layers if not {name, re.sub(r"[123]d$", "", name)} & named) == []
    assert sorted(named - layers.keys()) == []


@pytest.mark.parametrize("page", ["hooks.md", "hooks.zh.md"])
def test_every_hook_is_documented_with_its_signature(page: str) -> None:
    documented = re.findall(r"^### `(netdsl_\w+)(\(.*\).*)`$", TEXTS[ROOT / "docs/plugins" / page], re.MULTILINE)
    assert dict(documented) == {name: _signature(hook) for name, hook in HOOKS.items()}
    assert len(documented) == len(HOOKS)


def _signature(hook: Callable[..., object]) -> str:
    """`(run: RunInfo) -> str | None`: annotations are texts there."""
    return str(inspect.signature(hook)).replace("'", "")
