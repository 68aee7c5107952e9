from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from netdsl.checker import check
from netdsl.plugins import load_registry
from netdsl.source import Source
from netdsl.training import TrainingError, train
from netdsl.training.distributed import ALONE, expected_team
from netdsl.training.launch import condemned, pronounce

NET = """flatten; linear 64->32; relu; linear 32->10
data digits batch=64 limit=333
optimizer sgd lr=0.1 momentum=0.9
train epochs=2 every=3 speed=contiguous
"""
CALM = {**os.environ, "OMP_NUM_THREADS": "1"}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="torch's launcher is POSIX's")


@pytest.fixture(autouse=True)
def data() -> None:
    """The real ones, in the place of those that other tests train on."""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.net").write_text(NET)
    return tmp_path


def start(*arguments: str, module: tuple[str, ...] = ("netdsl",)) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", *module, "run", "net.net", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=CALM)


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=240)
    return process.returncode, output, errors


def losses(folder: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(folder, "metrics.jsonl").read_text().splitlines()]


def assert_same_losses(found: str, expected: str) -> None:
    pairs = list(zip(losses(found), losses(expected), strict=True))
    assert all(one.keys() == other.keys() for one, other in pairs)
    assert all(one[name] == pytest.approx(other[name], abs=1e-5) for one, other in pairs for name in one)


def member(rank: int, port: int, out: str, overrides: dict[str, str], answers: Any) -> None:
    """One process of a team of two."""
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1")
    os.environ["MASTER_PORT"] = str(port)
    experiment, _ = check(Source("net.net", NET), load_registry(), overrides=overrides)
    assert experiment is not None
    try:
        answers.put((rank, len(train(experiment, device="cpu", out=out).epochs)))
    except TrainingError as error:
        answers.put((rank, error.message))


def team_of_two(out: str, **overrides: str) -> dict[int, Any]:
    """What each process has to say, its number of epochs or its error."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["netdsl.training.session"])
    answers, port = context.Queue(), free_port()
    members = [context.Process(target=member, args=(rank, port, out, overrides, answers)) for rank in range(2)]
    for process in members:
        process.start()
    found = dict(answers.get(timeout=200) for _ in members)
    for process in members:
        process.join()
    return found


def alone(out: str, **overrides: str) -> None:
    experiment, _ = check(Source("net.net", NET), load_registry(), overrides=overrides)
    assert experiment is not None
    train(experiment, device="cpu", out=out, quiet=True)


@pytest.mark.parametrize("settings", [{}, {"train.shard": "fsdp"}, {"train.accumulate": "3"}], ids=str)
def test_two_processes_give_the_losses_of_one(net: Path, settings: dict[str, str]) -> None:
    assert team_of_two("two", **settings) == {0: 2, 1: 2}
    alone("one", **{name: value for name, value in settings.items() if name != "train.shard"})
    assert_same_losses("two", "one")


def test_what_stops_one_stops_all(net: Path) -> None:
    found = team_of_two("bad", **{"optimizer.lr": "1e30"})
    assert found[0] == found[1]
    assert found[0].startswith("the loss of step 2 (epoch 1) is not finite: `linear 32->10` at net.net:1")


def test_a_team_that_is_told_to_stop_saves_and_goes_on_later(net: Path) -> None:
    process = start("--out", "cut", "--nproc", "2", "--epochs", "5000")
    wait_for(Path("cut/metrics.jsonl"), process)
    process.send_signal(signal.SIGTERM)
    status, output, errors = finished(process)
    assert status == 143
    assert "2 processes" in output.splitlines()[0]
    assert errors.startswith("stopped by SIGTERM after step ")
    assert errors.endswith("go on with `netdsl run --resume cut`\n")
    assert json.loads(Path("cut/run.json").read_text())["status"] == "stopped"


def test_two_nodes_start_anew_when_a_worker_dies(net: Path) -> None:
    launcher = (
        "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", "--max-restarts=3",
        f"--rdzv-endpoint=127.0.0.1:{free_port()}", "--rdzv-id=nodes", "--local-addr=127.0.0.1", "-m", "netdsl",
    )  # fmt: skip
    settings = ("--out", "nodes", "--epochs", "40", "--save-every", "10")
    nodes = [start(*settings, module=launcher) for _ in range(2)]
    wait_for(Path("nodes/checkpoints"), *nodes)
    os.kill(children(nodes[1].pid)[0], signal.SIGKILL)
    for node in nodes:
        status, _, errors = finished(node)
        assert status == 0, errors
    alone("one", **{"train.epochs": "40"})
    assert_same_losses("nodes", "one")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(path: Path, *processes: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 200
    while not path.exists():
        assert all(process.poll() is None for process in processes), [finished(process) for process in processes]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """The Python processes that a launcher has started."""
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(line) for line in listing.stdout.split()]


def test_without_a_launcher_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "TORCHELASTIC_RESTART_COUNT", "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    assert expected_team() == ALONE
    assert ALONE.leads
    assert (ALONE.sum([1.0, 2.0]), ALONE.agree("x"), ALONE.gather("x"), ALONE.led(lambda: 3)) == (
        [1.0, 2.0],
        "x",
        ["x"],
        3,
    )


def test_the_launcher_is_told_what_starting_anew_would_not_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not pronounce("nobody listens", 1)
    monkeypatch.setenv("NETDSL_VERDICT", str(tmp_path / "verdict.json"))
    assert not condemned()
    assert pronounce("error: full", 1)
    assert condemned()
