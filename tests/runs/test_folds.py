"""Cross-validation: a run for each fold, and what they come to together."""

from __future__ import annotations

import json
import shutil
import statistics
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import netdsl
from netdsl.cli import netdsl as program
from netdsl.core.errors import TrainingError
from netdsl.runs.about import read_about
from netdsl.runs.folds import fold_folder

NET = "linear 3->1\ndata csv table.csv target=y folds=3\nmetrics mae\ntrain epochs=1 speed=contiguous report=false\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(program, ["run", *map(str, arguments), "--device", "cpu"])


def test_a_net_is_trained_for_each_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a,b,c,y\n" + "".join(f"{n % 5},{n % 3},{n % 7},{n}.5\n" for n in range(31)))
    Path("folds.net").write_text(NET)
    result = run("folds.net", "--out", "all")
    assert result.exit_code == 0, result.output
    runs = [read_about(fold_folder(Path("all"), fold)) for fold in (1, 2, 3)]
    assert [sum(about["data"]["sizes"] or ()) for about in runs] == [31] * 3
    maes = [about["result"]["last"]["test/mae"] for about in runs]
    loss, mae = json.loads(Path("all/folds.json").read_text())
    assert (loss["name"], mae["name"], mae["values"]) == ("loss", "mae", maes)
    assert mae["mean"] == pytest.approx(statistics.mean(maes))
    assert mae["deviation"] == pytest.approx(statistics.stdev(maes))
    assert "3 folds after their last epochs: mean ± deviation" in result.output

    # What a killed command has left is trained, and nothing else.
    kept = Path("all/fold-1/run.json").stat().st_mtime_ns
    shutil.rmtree("all/fold-3")
    assert run("folds.net", "--out", "all", "--quiet").exit_code == 0
    assert Path("all/fold-1/run.json").stat().st_mtime_ns == kept
    assert json.loads(Path("all/folds.json").read_text()) == [loss, mae]

    other = run("folds.net", "--out", "all", "--epochs", "2")
    assert "`all/fold-1` holds a run of another net, or with other settings" in other.output
    several = run("folds.net", "--nproc", "2")
    assert "several processes train one net: choose a fold with `--set data.fold=1`" in several.output
    with pytest.raises(TrainingError, match="`folds=3` trains several nets"):
        netdsl.train(Path("folds.net"))
