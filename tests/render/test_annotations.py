"""What services read that check every change of a repository."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdsl.checker import check
from netdsl.core.diagnostics import Diagnostic, Edit, Fix
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.render.annotations import render_github, render_junit, render_sarif

GOLDEN = Path(__file__).parents[1] / "golden" / "render"
TEXTS = {
    "nets/网络, 一.net": "input 3x32x32  # 50 % of it\nconv 32 kernal=5; relu\nflatten; linear 100->10\n",
    "nets/warned.net": "input 8; linear 4; linear 2\n",
    "nets/right.net": "input 8; linear 4; relu; linear 2\n",
}


@pytest.fixture(scope="module")
def found() -> Mapping[Source, Sequence[Diagnostic]]:
    registry = load_registry(installed=False)
    sources = [Source(name, text) for name, text in TEXTS.items()]
    return {source: check(source, registry)[1] for source in sources}


def test_github(found: Mapping[Source, Sequence[Diagnostic]], golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "github.txt", render_github([one for some in found.values() for one in some]))


def test_sarif(found: Mapping[Source, Sequence[Diagnostic]], golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "sarif.json", render_sarif([one for some in found.values() for one in some]))


def test_junit(found: Mapping[Source, Sequence[Diagnostic]], golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "junit.xml", render_junit(found))


def test_nothing_wrong_is_a_report_too() -> None:
    assert render_github([]) == ""
    (run,) = json.loads(render_sarif([]))["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
    (suite,) = ElementTree.fromstring(render_junit({Source("a.net", ""): []}))
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")


@given(st.text(), st.text(max_size=20), st.text(max_size=20))
def test_any_text_makes_a_well_formed_report(text: str, name: str, replacement: str) -> None:
    source = Source(name, text or " ")
    span = source.span(0, len(source.text))
    diagnostic = Diagnostic("NET201", text, span, help=text, fix=Fix(text, (Edit(span, replacement),)))
    assert len(render_github([diagnostic]).splitlines()) == 1
    (result,) = json.loads(render_sarif([diagnostic]))["runs"][0]["results"]
    assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == replacement
    (suite,) = ElementTree.fromstring(render_junit({source: [diagnostic]}).encode())
    assert suite.get("failures") == "1"


def test_an_absolute_path_has_a_scheme(tmp_path: Path) -> None:
    source = Source(str(tmp_path / "a b.net"), "relu")
    (result,) = json.loads(render_sarif([Diagnostic("NET201", "wrong", source.span(0, 4))]))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (tmp_path / "a b.net").as_uri()
