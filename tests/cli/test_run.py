from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import safetensors.torch
import torch
from click.testing import CliRunner, Result

import netdsl
from netdsl.cli import netdsl as door

NET = (
    "conv 1->4 k3; relu; flatten; linear 10\ndata digits batch=64 limit=320\ntrain epochs=2 every=2 speed=contiguous\n"
)


@pytest.fixture(autouse=True)
def quiet_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    Path("digits.net").write_text(NET)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(door, ["run", *arguments], prog_name="netdsl")


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-u", "-m", "netdsl", "run", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def weights(folder: str) -> bytes:
    return Path(folder, "model.safetensors").read_bytes()


def test_a_run_says_what_it_does_and_leaves_a_folder() -> None:
    result = run("digits.net", "--out", "out")
    assert result.exit_code == 0, result.output
    header, heading, *rows, last = result.stdout.splitlines()
    assert header.startswith("digits.net: 1,490 parameters, 2.7 k multiply-adds; cpu, 1 thread; ")
    assert heading.split() == ["epoch", "train", "loss", "test", "loss", "accuracy", "images/s", "time"]
    assert [row.split()[0] for row in rows] == ["1", "2"]
    assert last.startswith("best accuracy ")
    assert last.endswith("; see the curves: tensorboard --logdir out")
    found = {str(path.relative_to("out")).split("/")[0] for path in Path("out").rglob("*")}
    files = {"run.net", "run.json", "metrics.jsonl", "last_test.json", "report.html", "model.safetensors"}
    assert found == {"tensorboard", "checkpoints"} | files
    about = json.loads(Path("out/run.json").read_text())
    assert about["status"] == "finished"
    assert about["versions"]["torch"] == torch.__version__


def test_the_weights_are_those_of_the_net_that_build_makes() -> None:
    run("digits.net", "--out", "out", "--quiet")
    model = netdsl.build(Path("digits.net"))
    model.load_state_dict(safetensors.torch.load_file("out/model.safetensors"), strict=True)


def test_without_out_the_folder_is_named_after_the_file_and_the_time() -> None:
    assert run("digits.net", "--epochs", "1", "--quiet").output == ""
    (folder,) = Path("runs/digits").iterdir()
    assert (folder / "model.safetensors").exists()


def test_options_override_the_file() -> None:
    result = run(
        "digits.net", "--epochs", "1", "--data", "digits batch=32 limit=64", "--set", "train.seed=3", "--out", "o"
    )
    assert result.exit_code == 0, result.output
    about = json.loads(Path("o/run.json").read_text())
    assert about["seed"] == 3
    assert about["source"]["overrides"] == {"data": "digits batch=32 limit=64", "train.epochs": "1", "train.seed": "3"}
    assert about["result"]["last"]["epoch"] == 1


def test_a_finished_run_resumes_to_the_same_and_goes_on_for_more_epochs() -> None:
    run("digits.net", "--out", "out")
    before = weights("out")
    assert run("--resume", "out").exit_code == 0
    assert weights("out") == before
    result = run("--resume", "out", "--epochs", "3")
    assert [row.split()[0] for row in result.stdout.splitlines()[2:-1]] == ["3"]
    run("digits.net", "--epochs", "3", "--out", "whole")
    assert weights("out") == weights("whole")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["none.net"], 2, "no such file: `none.net`"),
        ([], 2, "give one FILE"),
        (["digits.net", "--device", "tpu"], 2, "unknown device `tpu`"),
        (["digits.net", "--device", "cuda:99"], 1, "`cuda:99` "),
        (["digits.net", "--save-every", "often"], 2, "`often` is not an interval"),
        (["digits.net", "--out", "digits.net/run"], 1, "cannot write to `digits.net/run`: not a directory"),
        (["digits.net", "--resume", "out"], 2, "`--resume` continues a run as it is"),
        (["--resume", "nowhere"], 1, "`nowhere` is no run"),
        (["-e", "linear 8->2"], 1, "`<text>` has no `data` line\nhelp: write one, such as `data fake 8 classes=2`; "),
        (
            ["notes.md"],
            1,
            "`notes.md` cannot be read as a net: 27 mistakes\nhelp: the name of a file with a net ends in",
        ),
        (["digits.txt"], 1, "cannot be read as a net: 27 mistakes\nhelp: did you mean `digits.net`?"),
        (
            ["digits.net", "--set", "epochs=2"],
            1,
            "error[NET114]: `epochs` is not a variable: it is a setting of `train`",
        ),
        (["digits.net", "--data", "digit"], 1, "error[NET302]"),
        (["digits.net", "--set", "loss=mse"], 1, "error[NET304]"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_goes_wrong_is_one_message_and_a_status(arguments: list[str], status: int, message: str) -> None:
    for prose in ("notes.md", "digits.txt"):
        Path(prose).write_text("Digits, and more: it's a net.\n" * 9)
    result = run(*arguments)
    assert result.exit_code == status, result.output
    assert result.stderr.startswith(("error: ", "error["))
    assert message in result.stderr
    assert not result.stdout


@pytest.mark.parametrize(
    "arguments", [["--set", "optimizer.lr=0.5"], ["--data", "digits batch=8"], ["--variant", "wide"]]
)
def test_resuming_refuses_what_would_make_another_run(arguments: list[str]) -> None:
    run("digits.net", "--out", "out", "--epochs", "1", "--set", "train.clip=1")
    result = run("--resume", "out", *arguments)
    assert result.exit_code == 2
    assert "would make it another run, and `--resume` continues a run as it is" in result.stderr
    assert run("--resume", "out", "--epochs", "2", "--set", "train.clip=1").exit_code == 0


def test_a_folder_that_holds_a_run_is_not_written_over() -> None:
    run("digits.net", "--out", "out", "--epochs", "1")
    result = run("digits.net", "--out", "out")
    assert result.exit_code == 1
    assert result.stderr == ("error: `out` holds a run already\nhelp: choose another folder, or write `--resume out`\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
def test_a_full_disk_is_one_message() -> None:
    Path("full").mkdir()
    Path("full/metrics.jsonl").symlink_to("/dev/full")
    result = run("digits.net", "--out", "full", "--quiet")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: cannot save step 1 in `full`: no space left on device\n"
        "help: make room; no checkpoint had been written yet: `netdsl run --resume full` begins the run again\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_the_step_saves_and_says_how_to_go_on(number: signal.Signals, status: int) -> None:
    process = start("digits.net", "--out", "cut", "--epochs", "400")
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()
    process.send_signal(number)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == status, errors
    assert errors == (
        f"stopped by {number.name} after step {last_step('cut'):,}, which is saved; "
        "go on with `netdsl run --resume cut`\n"
    )
    stopped = last_step("cut")
    epochs = stopped // 5 + 2
    assert run("--resume", "cut", "--epochs", str(epochs)).exit_code == 0
    assert run("digits.net", "--out", "whole", "--epochs", str(epochs)).exit_code == 0
    assert weights("cut") == weights("whole")


def last_step(folder: str) -> int:
    return max(int(path.stem[5:]) for path in Path(folder, "checkpoints").glob("step-*.safetensors"))


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_a_killed_run_resumes_to_the_same_bits() -> None:
    process = start("digits.net", "--out", "cut", "--epochs", "12", "--save-every", "3")
    while not list(Path("cut/checkpoints").glob("step-*")) and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    assert not Path("cut/model.safetensors").exists()
    assert run("--resume", "cut").exit_code == 0
    assert run("digits.net", "--out", "whole", "--epochs", "12").exit_code == 0
    assert weights("cut") == weights("whole")
    assert Path("cut/metrics.jsonl").read_text() == Path("whole/metrics.jsonl").read_text()
