"""When a run writes its report, what stands in it, and that no run ends because of it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from netdsl.builtins import optimizers
from netdsl.program import Use
from netdsl.training import TrainingError, train
from netdsl.training.evaluate import evaluate
from netdsl.training.reporting import run_report
from netdsl.training.reporting.learned_weights import write_learned
from netdsl.training.reporting.run_report import RunReport


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_training_samples_are_measured_as_the_test_is(make: Any, tmp_path: Path, data: Any) -> None:
    result = train(make(epochs=1), device="cpu", out=tmp_path / "run", quiet=True)
    (last,) = (line for line in lines(result.folder) if "epoch" in line)
    sample = data.seen(2000)
    assert sample.samples == data.test.samples == 21
    batches = list(sample.epoch(0))
    outputs = torch.cat([result.model(x) for x, _ in batches])
    targets = torch.cat([y for _, y in batches])
    assert last["train/accuracy"] == pytest.approx((outputs.argmax(1) == targets).float().mean().item())
    loss = torch.nn.functional.cross_entropy
    found = evaluate(result.model, loss, {}, batches, torch.autocast("cpu", enabled=False))
    assert last["train/eval_loss"] == pytest.approx(found["loss"])
    assert dict(result.epochs[0].train) == {"loss": last["train/eval_loss"], "accuracy": last["train/accuracy"]}


def test_neither_the_report_nor_training_samples_change_the_run(make: Any, tmp_path: Path) -> None:
    with_all = train(make(), device="cpu", out=tmp_path / "all", quiet=True)
    without = train(make(report=False, test_train=0), device="cpu", out=tmp_path / "none", quiet=True)
    assert (with_all.folder / "report.html").exists()
    assert not (without.folder / "report.html").exists()
    assert not (without.folder / "last_test.json").exists()
    for one, other in zip(with_all.model.parameters(), without.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert [epoch.test for epoch in with_all.epochs] == [epoch.test for epoch in without.epochs]
    assert not any(name in line for line in lines(without.folder) for name in ("train/eval_loss", "train/accuracy"))


def test_a_report_that_is_due_is_written_after_each_epoch(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    really = RunReport.write

    def write(report: RunReport) -> None:
        really(report)
        seen.append(json.loads((tmp_path / "run" / "last_test.json").read_text())["epoch"])

    monkeypatch.setattr(run_report, "SHARE", 1e9)
    monkeypatch.setattr(RunReport, "write", write)
    train(make(), device="cpu", out=tmp_path / "run", quiet=True)
    assert seen == [1, 2, 3, 3]


def test_a_short_run_writes_it_at_its_end(make: Any, tmp_path: Path) -> None:
    result = train(make(epochs=5), device="cpu", out=tmp_path / "run", quiet=True)
    found = json.loads((result.folder / "last_test.json").read_text())
    assert (found["epoch"], found["tested"]) == (5, 21)
    assert [pace["epoch"] for pace in found["paces"]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["write_findings", "write_report"])
def test_a_report_that_cannot_be_written_is_one_warning(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(run_report, "SHARE", 1e9)
    monkeypatch.setattr(run_report, name, full)
    result = train(make(), device="cpu", out=tmp_path / "run")
    assert len(result.epochs) == 3
    told = [line for line in capsys.readouterr().out.splitlines() if "report.html" in line]
    assert told == [f"warning: `{tmp_path / 'run' / 'report.html'}` is not written any more: no space left on device"]


def test_histograms_come_every_so_many_epochs(make: Any, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    result = train(make(epochs=4, histograms=2), device="cpu", out=tmp_path / "run", quiet=True)
    events = EventAccumulator(str(result.folder / "tensorboard"), size_guidance={"histograms": 0})
    events.Reload()
    assert [event.step for event in events.Histograms("weights/0.weight")] == [12, 24]
    assert [event.step for event in events.Histograms("gradients/3.bias")] == [12, 24]
    assert "epoch" not in events.Tags()["scalars"]
    layout = events.SummaryMetadata("custom_scalars__config__").plugin_data
    assert layout.plugin_name == "custom_scalars"


def test_few_weights_are_written_by_their_letters() -> None:
    layer = torch.nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight[:] = torch.tensor([[2.0101, -1.0]])
        layer.bias[:] = 0.98
    assert write_learned(torch.nn.Sequential(layer)) == "w = [2.01, -1], b = 0.98"
    two = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), torch.nn.PReLU())
    assert [part.split(" = ")[0] for part in write_learned(two).split(", ")] == ["0.w", "1.w"]
    assert write_learned(torch.nn.Linear(4, 5)) == write_learned(torch.nn.ReLU()) == ""


def test_the_page_of_a_run_that_fails_says_so(make: Any, tmp_path: Path) -> None:
    optimizer = Use(optimizers.sgd, {"lr": 1e30})
    with pytest.raises(TrainingError, match="not finite"):
        train(make(optimizer=optimizer), device="cpu", out=tmp_path / "run", quiet=True)
    assert " · failed<" in (tmp_path / "run" / "report.html").read_text("utf-8")
