"""A run that cannot begin leaves nothing, and one that was cut before its first checkpoint begins again as it began."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from netdsl.components import call
from netdsl.plugins.registry import Implementation, Plugin
from netdsl.runs.checkpointer import Checkpointer
from netdsl.training import TrainingError, train


class PowerCut(Exception):
    """Ends a run where no one expects it."""


def bad_weights(folder: Path) -> Path:
    path = folder / "bad.safetensors"
    path.write_bytes(b"no weights")
    return path


def foreign_weights(folder: Path) -> Path:
    path = folder / "foreign.pth"
    torch.save({"other.weight": torch.zeros(2)}, path)
    return path


@pytest.mark.parametrize("weights", [bad_weights, foreign_weights, lambda folder: folder / "missing.safetensors"])
@pytest.mark.parametrize("named", [True, False], ids=["out", "default folder"])
def test_weights_that_are_refused_leave_nothing(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: Any, named: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    init = weights(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(TrainingError):
        train(make(), device="cpu", out="run" if named else None, init=init, quiet=True)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "mistake", [{"freeze": ("0", "3")}, {"calls": [call("torch.nn:Identity")]}, {"calls": [call("torch.nn:Linear")]}]
)
def test_a_net_that_cannot_be_trained_leaves_nothing(make: Any, tmp_path: Path, mistake: dict[str, Any]) -> None:
    with pytest.raises(TrainingError):
        train(make(**mistake), device="cpu", out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_refused_start_leaves_what_was_in_the_folder(make: Any, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(TrainingError):
        train(make(), device="cpu", out=tmp_path / "run", init=bad_weights(tmp_path), quiet=True)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["notes.txt"]


@pytest.fixture
def cut(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The folder of a run that was cut before its first checkpoint, and of the one whose weights it began with."""
    first = train(make(seed=5), device="cpu", out=tmp_path / "first", quiet=True).folder

    def save(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(Checkpointer, "save", save)
        with pytest.raises(PowerCut):
            train(make(), device="cpu", out=tmp_path / "cut", init=first, quiet=True)
    assert not (tmp_path / "cut" / "checkpoints").exists()
    return tmp_path / "cut", first


def test_resuming_without_a_checkpoint_begins_with_the_same_weights_again(
    make: Any, tmp_path: Path, cut: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, first = cut
    best = json.loads((first / "run.json").read_text("utf-8"))["result"]["best"]["epoch"]
    whole = train(make(), device="cpu", out=tmp_path / "whole", init=first, quiet=True)
    resumed = train(make(), device="cpu", resume=folder)
    assert (
        f"from {first}, epoch {best}, the best by accuracy: 4 of 4 tensors are taken over\n" in capsys.readouterr().out
    )
    assert all(map(torch.equal, resumed.model.parameters(), whole.model.parameters()))
    assert (resumed.folder / "metrics.jsonl").read_bytes() == (whole.folder / "metrics.jsonl").read_bytes()


def test_resuming_is_refused_where_the_first_weights_are_gone(make: Any, cut: tuple[Path, Path]) -> None:
    folder, first = cut
    shutil.rmtree(first)
    with pytest.raises(TrainingError, match=r"cannot read the weights `.*first`: no such file"):
        train(make(), device="cpu", resume=folder, quiet=True)
    assert not (folder / "model.safetensors").exists()


def test_a_run_that_a_plugin_forbids_has_failed(make: Any, tmp_path: Path) -> None:
    refuse = Implementation(Plugin("guard", "1.0", "guard"), lambda: "no")
    with pytest.raises(TrainingError, match=r"the run is not started: plugin `guard` 1\.0: no"):
        train(make(), device="cpu", out=tmp_path / "run", quiet=True, callbacks={"netdsl_run_started": [refuse]})
    assert json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["status"] == "failed"
