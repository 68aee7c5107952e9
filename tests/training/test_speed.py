from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.training import RunResult, train
from netdsl.training.machine import autotune
from netdsl.training.machine.autotune import find_fastest

NET = "input 3x8x8; conv 3->4 k3; relu; flatten; linear 10; data fake 3x8x8 size=4000 batch=64; train epochs=2 every=5"


@pytest.fixture(autouse=True)
def measures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Even a short run is worth a measurement, and none was made before."""
    monkeypatch.setattr(autotune, "WORTHWHILE", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(out: Path, settings: str = "") -> RunResult:
    experiment, diagnostics = check(Source("a.net", f"{NET} {settings}"), load_registry(installed=False))
    assert not diagnostics
    return train(experiment, device="cpu", out=out)


def chosen(said: str) -> str:
    (header,) = re.findall(r"; (speed=\w+ test_batch=\d+); ", said)
    return str(header)


def test_what_auto_chose_can_be_asked_for_and_makes_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(autotune, "find_fastest", lambda actions, _: list(actions)[-1])
    measured = run(tmp_path / "auto")
    settings = chosen(capsys.readouterr().out)
    assert settings == "speed=channels_last test_batch=400"
    asked = run(tmp_path / "asked", settings)
    assert chosen(capsys.readouterr().out) == settings
    assert all(map(torch.equal, measured.model.parameters(), asked.model.parameters()))
    first, second = ((result.folder / "metrics.jsonl").read_bytes() for result in (measured, asked))
    assert first == second


def test_what_was_found_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "first")
    settings = chosen(capsys.readouterr().out)
    monkeypatch.setattr(autotune, "find_fastest", lambda *_: pytest.fail("it was measured before"))
    run(tmp_path / "second")
    assert chosen(capsys.readouterr().out) == settings


def test_a_test_batch_may_be_asked_for_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path / "run", "test_batch=7")
    assert chosen(capsys.readouterr().out).endswith("test_batch=7")


def test_what_does_not_fit_is_not_the_fastest() -> None:
    def greedy() -> int:
        torch.empty(1 << 60, dtype=torch.uint8)
        return 10**9

    def modest() -> int:
        return sum(range(100)) // 100

    cpu = torch.device("cpu")
    assert find_fastest({"modest": modest, "greedy": greedy}, cpu) == "modest"
    assert find_fastest({"greedy": greedy, "modest": modest}, cpu) == "modest"
    assert find_fastest({"greedy": greedy, "greedier": greedy}, cpu) == "greedy"
