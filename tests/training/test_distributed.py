from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment
from netdsl.training import TrainingError, train

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


def start(*arguments: str, module: tuple[str, ...] = ("netdsl",), log: Any = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", *module, "run", "net.net", *arguments]
    return subprocess.Popen(command, stdout=log, stderr=subprocess.PIPE, text=True, env=CALM)


def losses(folder: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(folder, "metrics.jsonl").read_text().splitlines()]


def assert_same_losses(found: str, expected: str) -> None:
    pairs = list(zip(losses(found), losses(expected), strict=True))
    assert all(one.keys() == other.keys() for one, other in pairs)
    assert all(one[name] == pytest.approx(other[name], abs=1e-5) for one, other in pairs for name in one)


def member(rank: int, port: int, out: str, text: str, overrides: dict[str, str], answers: Any) -> None:
    """One process of a team of two."""
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", LOCAL_RANK=str(rank), MASTER_ADDR="127.0.0.1")
    os.environ["MASTER_PORT"] = str(port)
    try:
        answers.put((rank, len(train(checked(text, overrides), device="cpu", out=out, quiet=True).epochs)))
    except TrainingError as error:
        answers.put((rank, error.message))


def team_of_two(out: str, text: str = NET, **overrides: str) -> dict[int, Any]:
    """What each process has to say, its number of epochs or its error."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["netdsl.training.trainer"])
    answers, port = context.Queue(), free_port()
    members = [context.Process(target=member, args=(rank, port, out, text, overrides, answers)) for rank in range(2)]
    for process in members:
        process.start()
    for process in members:
        process.join(timeout=200)
        process.kill()
    return dict(answers.get(timeout=1) for _ in members)


def alone(out: str, text: str = NET, **overrides: str) -> None:
    train(checked(text, overrides), device="cpu", out=out, quiet=True)


def checked(text: str, overrides: dict[str, str]) -> Experiment:
    experiment, _ = check(Source("net.net", text), load_registry(), overrides=overrides)
    assert experiment is not None
    return experiment


NORMALIZED = NET.replace("flatten;", "conv 1->4 k3; bn; relu; flatten; bn affine=false;").replace("64->32", "144->32")
CONVOLVED = NET.replace("flatten;", "conv 1->4 k3; relu; conv 4 k3; relu; flatten;")
BOUNDED = NORMALIZED.replace("momentum=0.9", "normalisation.lr=0.02 conv.momentum=0.9 maxnorm=0.3")
ENLARGED = (
    BOUNDED.replace("conv 1->4 k3;", "convt 1->4 k3;").replace("conv.momentum=0.9 ", "").replace("144->", "400->")
)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (NET, {}),
        (NET, {"train.accumulate": "3"}),
        (NET, {"data.limit": "129"}),  # of the last batch, one sample, the first process has no share
        (NET, {"train.shard": "fsdp", "train.clip": "0.5", "optimizer": "adamw"}),
        (NORMALIZED, {}),
        (CONVOLVED, {"train.speed": "channels_last"}),
        (NORMALIZED, {"train.shard": "fsdp", "data.limit": "130"}),
        (BOUNDED, {}),
        (BOUNDED, {"train.shard": "fsdp"}),
    ],
    ids=["", "accumulate", "no share", "fsdp", "bn", "channels last", "bn and fsdp", "layers", "layers and fsdp"],
)
def test_two_processes_give_the_losses_of_one(net: Path, text: str, settings: dict[str, str]) -> None:
    assert team_of_two("two", text, **settings) == {0: 2, 1: 2}
    alone("one", text, **{name: value for name, value in settings.items() if name != "train.shard"})
    assert_same_losses("two", "one")


def test_what_stops_one_stops_all(net: Path) -> None:
    found = team_of_two("bad", **{"optimizer.lr": "1e30"})
    assert found[0] == found[1]
    assert found[0].startswith("the loss of step 2 (epoch 1) is not finite: `linear 32->10` at net.net:1")


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        (NET, {"train.shard": "fsdp", "train.ema": "0.9"}, "`ema` needs the whole net in each process"),
        (NET, {"train.freeze": "linear"}, "the net has no weights that are not frozen"),
        (NET, {"data.limit": "60", "data.drop_last": "true"}, "the training set is empty"),
        (ENLARGED, {"train.shard": "fsdp"}, "`maxnorm` needs the whole kernels of the transposed convolution `0`"),
    ],
)
def test_a_mistake_is_told_by_one_process(net: Path, text: str, settings: dict[str, str], message: str) -> None:
    found = team_of_two("bad", text, **settings)
    assert message in found[0]
    assert found[1] in (found[0], "process 0 cannot go on")


def test_a_batch_that_is_too_small_to_share_is_refused(net: Path) -> None:
    message = "a batch of 1 cannot be shared by 2 processes"
    assert team_of_two("small", **{"data.batch": "1"}) == {0: message, 1: message}
    assert not Path("small").exists()


def test_a_team_starts_anew_when_a_process_dies_and_saves_itself_when_told_to_stop(net: Path) -> None:
    with Path("log").open("w") as log:
        process = start("--out", "cut", "--nproc", "2", "--epochs", "9000", "--save-every", "10", log=log)
    wait_for(Path("cut/checkpoints").exists, process)
    os.kill(children(process.pid)[-1], signal.SIGKILL)
    wait_for(lambda: re.search(r"started anew; they go on after step .*\n.*\n +\d", Path("log").read_text()), process)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 143
    assert ", 2 processes; " in Path("log").read_text().splitlines()[0]
    assert re.fullmatch(
        r"stopped by SIGTERM after step [\d,]+, which is saved; go on with `netdsl run --resume cut`\n", errors
    )
    assert json.loads(Path("cut/run.json").read_text())["status"] == "stopped"


def test_two_nodes_start_anew_when_a_worker_dies(net: Path) -> None:
    launcher = (
        "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", "--max-restarts=3",
        f"--rdzv-endpoint=127.0.0.1:{free_port()}", "--rdzv-id=nodes", "--local-addr=127.0.0.1", "-m", "netdsl",
    )  # fmt: skip
    nodes = [start("--epochs", "40", "--save-every", "10", module=launcher) for _ in range(2)]
    wait_for(lambda: list(Path("runs").glob("net/*/checkpoints")), *nodes)
    os.kill(children(nodes[1].pid)[0], signal.SIGKILL)
    errors = [node.communicate(timeout=200)[1] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], errors
    assert not any("Traceback" in text and "netdsl" in text for text in errors)
    (folder,) = Path("runs/net").iterdir()
    alone("one", **{"train.epochs": "40"})
    assert_same_losses(str(folder), "one")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(condition: Callable[[], Any], *processes: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 200
    while not condition():
        assert all(process.poll() is None for process in processes), [one.communicate() for one in processes]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """The processes that a launcher has started."""
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(line) for line in listing.stdout.split()]
