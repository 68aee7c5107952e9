import ast
import pickle
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import netdsl
from netdsl.checker import check
from netdsl.codes import all_codes
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Code
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.render.cells import width
from netdsl.render.code_pages import code_list, code_page

ROOT = Path(netdsl.__file__).parent
TOO_LARGE_TO_SHOW = {
    "NET401": "relu " + "x" * (1 << 16),
    "NET402": f"let a={'(' * 65}1{')' * 65}; conv 3->a k3",
    "NET404": "conv 3->4 k3 @@\n" * 1001,
}
CODES = all_codes()
EXAMPLES = [code for code in CODES.values() if code not in TOO_LARGE_TO_SHOW]


@cache
def registry() -> Registry:
    return load_registry(installed=False)


def codes(text: str, folder: Path) -> list[str]:
    return [found.code for found in check(Source(str(folder / "example.net"), text), registry())[1]]


def literals(node: ast.AST, within: str = "") -> Iterator[tuple[str, str]]:
    """Every text that is the name of a code, and what it is an argument of."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"NET\d{3}", node.value):
        yield node.value, within
    within = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    for child in ast.iter_child_nodes(node):
        yield from literals(child, within)


def test_every_name_of_a_code_stands_once_where_the_code_is_declared() -> None:
    files = sorted(ROOT.rglob("*.py"))
    found = [one for file in files for one in literals(ast.parse(file.read_text(encoding="utf-8")))]
    assert sorted(found) == [(name, "Code") for name in CODES]


@pytest.mark.parametrize("code", EXAMPLES, ids=EXAMPLES)
def test_an_example_has_its_mistake_once_and_the_text_to_write_instead_has_none(code: Code, tmp_path: Path) -> None:
    assert codes(code.example, tmp_path) == [code]
    assert code.instead
    assert codes(code.instead, tmp_path) == []


@pytest.mark.parametrize(("code", "text"), TOO_LARGE_TO_SHOW.items(), ids=TOO_LARGE_TO_SHOW)
def test_a_mistake_too_large_to_show_is_told_in_words(code: str, text: str, tmp_path: Path) -> None:
    assert codes(text, tmp_path)[-1] == code
    assert not CODES[code].example


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_page_fits(code: Code) -> None:
    lines = code_page(code).splitlines()
    assert lines[0] == f"{code}: {code.title}"
    assert max(map(width, lines)) <= 80
    assert code.meaning.endswith(".")


def test_the_list_of_codes_is_sorted() -> None:
    lines = code_list(CODES.values()).splitlines()
    assert lines == sorted(lines)
    assert len(lines) == len(CODES)


def test_a_code_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(CODES["NET201"]))
    assert (copy, copy.title) == ("NET201", CODES["NET201"].title)
