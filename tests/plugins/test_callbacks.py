import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import netdsl
from netdsl.cli import netdsl as command
from netdsl.training import TrainingError
from tests.plugins.packages import Install

NET = "data digits limit=100; flatten; linear 10; optimizer sgd lr=0.1; train epochs=3 speed=contiguous"

DIARY = """
import json
from netdsl import hookimpl

def write(run, *words):
    with open(run.folder / "diary.jsonl", "a") as file:
        file.write(json.dumps(words) + "\\n")

@hookimpl
def netdsl_run_started(run):
    write(run, "started", run.name, run.params, run.epochs, run.steps, run.done, run.criterion, run.highest)

@hookimpl
def netdsl_epoch_ended(run, epoch):
    write(run, "ended", epoch.number, epoch.step, sorted(epoch.test))

@hookimpl
def netdsl_run_ended(run, status):
    write(run, status)
"""
STOPS = """
from netdsl import hookimpl

@hookimpl
def netdsl_epoch_ended(epoch):
    return "good enough" if epoch.number == {epoch} else None
"""
FAILS = """
from netdsl import hookimpl

@hookimpl
def {hook}():
    {body}

@hookimpl
def netdsl_run_ended(run):
    (run.folder / "called").touch()
"""
STEPS = 2


def diary(folder: Path) -> list[list[object]]:
    return [json.loads(line) for line in (folder / "diary.jsonl").read_text().splitlines()]


def run(*arguments: object) -> str:
    result = CliRunner().invoke(command, ["run", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_plugin_is_told_how_a_run_goes(install: Install, tmp_path: Path) -> None:
    install("diary", DIARY)
    netdsl.train(NET, device="cpu", out=tmp_path / "run", quiet=True)
    assert diary(tmp_path / "run") == [
        ["started", "<text>", 650, 3, 3 * STEPS, 0, "accuracy", True],
        ["ended", 1, STEPS, ["accuracy", "loss"]],
        ["ended", 2, 2 * STEPS, ["accuracy", "loss"]],
        ["ended", 3, 3 * STEPS, ["accuracy", "loss"]],
        ["finished"],
    ]


def test_a_plugin_ends_a_run_and_it_can_go_on(install: Install, tmp_path: Path) -> None:
    install("diary", DIARY)
    install("enough", STOPS.format(epoch=2), version="1.2")
    output = run("-e", NET, "--device", "cpu", "--out", tmp_path / "run")
    assert "\nended after epoch 2 by plugin `enough` 1.2: good enough\n" in output
    assert [entry[0] for entry in diary(tmp_path / "run")] == ["started", "ended", "ended", "finished"]
    assert (tmp_path / "run" / "model.safetensors").exists()
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "finished"
    run("--resume", tmp_path / "run", "--device", "cpu")
    assert diary(tmp_path / "run")[4][2:6] == [650, 3, 3 * STEPS, 2]
    assert [entry[:2] for entry in diary(tmp_path / "run")[5:]] == [["ended", 3], ["finished"]]


def test_a_plugin_forbids_a_run(install: Install, tmp_path: Path) -> None:
    install("diary", DIARY)
    body = "return 'it is night'"
    install("guard", FAILS.format(hook="netdsl_run_started", body=body))
    with pytest.raises(TrainingError, match=r"the run is not started: plugin `guard` 1\.0: it is night"):
        netdsl.train(NET, device="cpu", out=tmp_path / "run", quiet=True)
    assert [entry[0] for entry in diary(tmp_path / "run")] == ["started", "failed"]


@pytest.mark.parametrize("hook", ["netdsl_run_started", "netdsl_epoch_ended"])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("1/0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return True", "TypeError: it returns True, which is neither a reason to stop nor `None`"),
    ],
)
def test_one_that_fails_is_told_once_and_called_no_more(
    hook: str, body: str, reason: str, install: Install, tmp_path: Path
) -> None:
    install("bad", FAILS.format(hook=hook, body=body))
    install("diary", DIARY)
    output = run("-e", NET, "--device", "cpu", "--out", tmp_path / "run")
    assert output.count("warning: ") == 1
    assert f"\nwarning: plugin `bad` 1.0 fails in `{hook}` and is not called again: {reason}\n" in output
    assert not (tmp_path / "run" / "called").exists()
    assert len(diary(tmp_path / "run")) == 5


def test_a_run_that_fails_is_told_too(install: Install, tmp_path: Path) -> None:
    install("diary", DIARY)
    with pytest.raises(TrainingError):
        netdsl.train(
            NET.replace("linear 10", "linear 32; linear 10").replace("lr=0.1", "lr=1e30"),
            device="cpu",
            out=tmp_path / "run",
            quiet=True,
        )
    assert [entry[0] for entry in diary(tmp_path / "run")] == ["started", "failed"]


def test_callbacks_change_no_number(install: Install, tmp_path: Path) -> None:
    text = NET.replace("linear 10", "linear 32; dropout 0.5; linear 10")
    alone = netdsl.train(text, device="cpu", out=tmp_path / "alone", quiet=True)
    body = "import torch; torch.rand(7); torch.manual_seed(5)"
    install("noise", FAILS.format(hook="netdsl_epoch_ended", body=body))
    told = netdsl.train(text, device="cpu", out=tmp_path / "told", quiet=True)
    assert [epoch.test for epoch in told.epochs] == [epoch.test for epoch in alone.epochs]


def test_the_history_is_out_of_their_reach(install: Install, tmp_path: Path) -> None:
    code = "from netdsl import hookimpl\n@hookimpl\ndef netdsl_epoch_ended(epoch):\n    epoch.test['accuracy'] = 2.0\n"
    install("cheat", code)
    result = netdsl.train(NET, device="cpu", out=tmp_path / "run", quiet=True)
    assert all(epoch.test["accuracy"] <= 1 for epoch in result.epochs)


def test_of_several_processes_one_tells_and_all_stop(install: Install, site: Path, tmp_path: Path) -> None:
    install("diary", DIARY)
    install("enough", STOPS.format(epoch=1))
    file = tmp_path / "net.net"
    file.write_text(NET.replace("; ", "\n"), encoding="utf-8")
    folder = tmp_path / "run"
    script = "import sys; sys.argv[0] = 'netdsl'; from netdsl.cli import main; main()"
    arguments = ["run", str(file), "--device", "cpu", "--out", str(folder), "--nproc", "2"]
    path = ":".join([str(site), *(place for place in sys.path if place)])
    ran = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={"PATH": "", "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("ended after epoch 1 by plugin `enough` 1.0: good enough") == 1
    assert [entry[0] for entry in diary(folder)] == ["started", "ended", "finished"]


def test_they_are_listed(install: Install) -> None:
    install("diary", DIARY)
    listed = re.sub(r"\s+", " ", CliRunner().invoke(command, ["plugins"]).output)
    assert "callbacks: netdsl_run_started, netdsl_epoch_ended, netdsl_run_ended" in listed
