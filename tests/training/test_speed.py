from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest
import torch

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.training import RunResult, train
from netdsl.training.machine import autotune
from netdsl.training.machine.autotune import find_fastest
from netdsl.training.machine.memory_format import Choice

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
    monkeypatch.setattr(autotune, "find_fastest", lambda actions, *_: list(actions)[-1])
    measured = run(tmp_path / "auto")
    settings = chosen(capsys.readouterr().out)
    assert settings == "speed=channels_last test_batch=256"
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
    def greedy() -> None:
        torch.empty(1 << 60, dtype=torch.uint8)

    def modest() -> None:
        sum(range(100))

    cpu = torch.device("cpu")
    assert find_fastest({"modest": modest, "greedy": greedy}, cpu) == "modest"
    assert find_fastest({"greedy": greedy, "modest": modest}, cpu) == "modest"
    assert find_fastest({"greedy": greedy, "greedier": greedy}, cpu) == "greedy"


@pytest.mark.parametrize(("gain", "faster"), [(1.0, False), (1.1, False), (1.35, True), (2.0, True)])
def test_chance_does_not_decide_between_equals(monkeypatch: pytest.MonkeyPatch, gain: float, faster: bool) -> None:
    """On a simulated machine, where other programs make each turn up to three times as long, and some much longer."""
    now, noise = 0.0, Random(0)

    def spend(seconds: float) -> None:
        nonlocal now
        disturbance = noise.choice((noise.random() * 0.05, noise.random() * 0.05, noise.random() * 2, 9.0))
        now += seconds * (1 + disturbance)

    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    monkeypatch.setattr(time, "thread_time", lambda: now)
    actions = {"usual": partial(spend, 0.01 * gain), "other": partial(spend, 0.01)}
    found = [find_fastest(actions, torch.device("cpu")) == "other" for _ in range(200)]
    assert found == [faster] * 200


@pytest.fixture
def load() -> Iterator[None]:
    """Other programs that keep the processor busy."""
    command = [sys.executable, "-c", "while True: pass"]
    programs = [subprocess.Popen(command) for _ in range(3)]
    yield
    for program in programs:
        program.kill()
        program.wait()


@pytest.mark.usefixtures("load")
def test_a_busy_machine_chooses_the_same_and_every_later_run_makes_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, results = [], []
    for number in range(4):
        if number < 3:  # the fourth finds what the third has kept
            monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"cache {number}"))
        results.append(run(tmp_path / str(number)))
        settings.append(chosen(capsys.readouterr().out))
    assert len(set(settings)) == 1
    for result in results[1:]:
        assert all(map(torch.equal, result.model.parameters(), results[0].model.parameters()))
        assert (result.folder / "metrics.jsonl").read_bytes() == (results[0].folder / "metrics.jsonl").read_bytes()


def test_of_runs_that_measure_at_once_the_first_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(*_: object) -> Choice:
        (folder,) = (tmp_path / "cache" / "netdsl").iterdir()
        autotune._remember(folder / f"{fingerprint}.json", Choice("channels_last", 32))
        return Choice("contiguous", 64)

    run(tmp_path / "first")
    (kept,) = (tmp_path / "cache" / "netdsl" / "speed").iterdir()
    fingerprint = kept.stem
    kept.unlink()
    capsys.readouterr()
    monkeypatch.setattr(autotune, "_measure", measure)
    run(tmp_path / "second")
    assert chosen(capsys.readouterr().out) == "speed=channels_last test_batch=32"


def test_a_choice_that_is_damaged_is_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path / "first")
    settings = chosen(capsys.readouterr().out)
    (kept,) = (tmp_path / "cache" / "netdsl" / "speed").iterdir()
    content = kept.read_bytes()
    kept.write_bytes(content[:5])
    run(tmp_path / "second")
    assert chosen(capsys.readouterr().out) == settings
    assert json.loads(kept.read_bytes()) == json.loads(content)


def test_a_choice_that_cannot_be_kept_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cache").write_text("no folder")
    run(tmp_path / "run")
    said = capsys.readouterr().out
    assert (
        f"\nnote: the choice of `speed=auto` cannot be kept in `{tmp_path}/cache/netdsl/speed`: not a directory; "
        f"write `train {chosen(said)}` for the same results each time\n"
    ) in said
