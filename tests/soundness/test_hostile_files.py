from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.soundness.hostile_files import KINDS, Opener, prepare, try_case, try_files

FILES = 180


@pytest.mark.skipif(os.name != "posix", reason="its processes are forked, and their memory is limited")
def test_files_that_are_altered_give_one_message_each(tmp_path: Path) -> None:
    outcomes = try_files(tmp_path, FILES, seed=0, workers=1)
    assert [(outcome.number, outcome.fault) for outcome in outcomes if outcome.fault] == []
    assert len(outcomes) == FILES
    for kind in KINDS:
        assert any(outcome.refused for outcome in outcomes if outcome.kind == kind), kind


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_are_whole_are_opened(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.soundness.hostile_files.alter", lambda content, random: content)
    prepare(tmp_path)
    outcome = try_case(Opener(tmp_path), 0, list(KINDS).index(kind))
    assert (outcome.fault, outcome.refused) == ("", False)
