from pathlib import Path

import pytest

from tests.needs import REQUIRED, needs

ABSENT = ("netdsl-browser", "netdsl-editor")
REASON = "needs `netdsl-browser` or `netdsl-editor`, which is not installed"


def test_a_program_is_found_by_any_of_its_names() -> None:
    assert Path(needs("netdsl-browser", "git")).stem == "git"


def test_a_missing_program_skips_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match=REASON):
        needs(*ABSENT)


def test_a_missing_program_fails_a_test_where_all_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match=REASON):
        needs(*ABSENT)


def test_before_a_change_lands_all_are_needed() -> None:
    script = Path(__file__).parents[1] / ".ci" / "run"
    assert f"export {REQUIRED}=1\n" in script.read_text(encoding="utf-8")
