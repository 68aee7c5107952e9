from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from netdsl.core.diagnostics import Diagnostic, Edit, Fix
from netdsl.core.source import Source
from tests.soundness import atheris_check, trials
from tests.soundness.fuzz import run
from tests.soundness.texts import LONGEST, write
from tests.soundness.trials import Trial, misplaced

ONE_MORE = SimpleNamespace(left=[Diagnostic("NET101", "a mistake", Source("net", "").span(0, 0))])


def test_a_text_is_the_same_for_its_number() -> None:
    assert write(3) == write(3) != write(4)
    assert all(len(write(number)) <= LONGEST for number in range(50))


def test_half_written_texts_have_no_faults() -> None:
    found = dict(run(1, 60))
    # What is slow is told by a machine that does nothing else.
    wrong = {number: faults for number, faults in found.items() if any("slow" not in fault for fault in faults)}
    assert (len(found), wrong) == (60, {})


@pytest.mark.parametrize(
    ("name", "stub", "fault"),
    [
        ("render_text", lambda found: 1 // 0, "exception: ZeroDivisionError"),
        ("shapes_table", lambda *_: [0] * 10**18, "memory"),
        ("format_source", lambda source, _: (source.text + "; nonsense", []), "fmt changes the meaning"),
        ("fix", lambda source, check, unsafe: ONE_MORE, "a fix adds errors"),
        ("SLOW", -1.0, "slow check"),
    ],
)
def test_each_kind_of_fault_is_found(name: str, stub: object, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Trial("input 8; relu; relu").run() == []
    monkeypatch.setattr(trials, name, stub)
    assert any(found.startswith(fault) for found in Trial("input 8; relu; relu").run())


def test_spans_that_are_none_are_found() -> None:
    source = Source("net", "relu")
    edit = Fix("mend", (Edit(source.span(4, 2), ""),))
    found = [
        Diagnostic("NET101", "fine", source.span(0, 4)),
        Diagnostic("NET102", "outside", source.span(0, 9)),
        Diagnostic("NET103", "turned round", source.span(0, 4), fix=edit),
    ]
    assert [*misplaced(source, found)] == ["NET102 has a span that is none", "NET103 has a span that is none"]


@pytest.mark.parametrize(
    "text",
    [
        "input 3x32x32\nconv 64 k3\ndata digits batch=64 {",
        "input 8\nresidual {",
        "input 8\nrepeat 2 { linear 9->8 {",
        "block b {",
        "input 8; residual(2 {",
        "input 3x32x32\nconv 8 conv 3->8 k3 p1; relu\n}",
    ],
)
def test_what_was_repaired_stands_in_the_text(text: str) -> None:
    source = Source("net", text)
    assert [*misplaced(source, trials.look(source)[1])] == []


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["atheris_check"])
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert atheris_check.main() == 2
    assert "pip install atheris" in capsys.readouterr().err
