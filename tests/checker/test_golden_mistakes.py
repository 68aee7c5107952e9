"""Every file of `errors/` has as many mistakes as its first line says, and is told so as the text beside it."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from netdsl.checker import check
from netdsl.codes import all_codes
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.render.diagnostics import render_text

FOLDER = Path(__file__).parents[1] / "golden" / "checker"
FILES = sorted(FOLDER.glob("*.net"))
TOO_LARGE_TO_KEEP = {"NET401", "NET404"}


@cache
def registry() -> Registry:
    return load_registry(installed=False)


@cache
def found(name: str, text: str) -> list[Diagnostic]:
    return check(Source(name, text), registry(), folder=FOLDER)[1]


def found_in(file: Path) -> list[Diagnostic]:
    return found(file.name, file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_mistakes_are_told_as_they_should_be(file: Path, golden: Callable[[Path, str], None]) -> None:
    golden(file.with_suffix(".txt"), render_text(found_in(file)))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_mistake_is_one_diagnostic(file: Path) -> None:
    stated = re.match(r"# (\d+) mistakes?\n", file.read_text(encoding="utf-8"))
    assert stated is not None
    assert len(found_in(file)) == int(stated[1])


def test_every_code_occurs() -> None:
    assert {
        diagnostic.code for file in FILES for diagnostic in found_in(file)
    } == all_codes().keys() - TOO_LARGE_TO_KEEP


FIXES = [(file, number) for file in FILES for number, one in enumerate(found_in(file)) if one.fix]


@pytest.mark.parametrize(("file", "number"), FIXES, ids=[f"{file.stem}-{number}" for file, number in FIXES])
def test_a_fix_takes_its_mistake_away_and_adds_none(file: Path, number: int) -> None:
    before = found_in(file)
    fix = before[number].fix
    assert fix is not None
    text = file.read_text(encoding="utf-8")
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    after = found(file.name, text)
    rest = [diagnostic.code for index, diagnostic in enumerate(before) if index != number]
    assert [diagnostic.code for diagnostic in after] == rest
