from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from netdsl.cli import netdsl as door
from netdsl.core.errors import ReportedElsewhere
from netdsl.training import TrainingError
from netdsl.training.distributed.launcher import already_failed, report_to_parent
from netdsl.training.distributed.process_group import ALONE, Team
from netdsl.training.distributed.rendezvous import expected_team, join
from netdsl.training.machine.device import choose_device

pytestmark = pytest.mark.skipif(os.name != "posix", reason="torch's launcher is POSIX's")

NET = "flatten; linear 64->10; data digits batch=64 limit=333"
VARIABLES = (
    "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RESTART_COUNT",
    "TORCHELASTIC_RUN_ID", "NETDSL_VERDICT",
)  # fmt: skip


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_without_a_launcher_there_is_one_process(surroundings: pytest.MonkeyPatch) -> None:
    assert expected_team() == ALONE
    assert ALONE.is_rank0
    assert ALONE.sum([1.0, 2.0]) == [1.0, 2.0]
    assert (ALONE.broadcast("x"), ALONE.gather("x"), ALONE.on_rank0(lambda: 3)) == ("x", ["x"], 3)


def test_a_launch_is_known_by_its_name_or_by_its_launcher(surroundings: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "job7"}.items():
        surroundings.setenv(name, value)
    assert expected_team() == Team(rank=1, world=2, launch="job7", named=True)
    surroundings.setenv("TORCHELASTIC_RUN_ID", "none")
    assert expected_team() == Team(rank=1, world=2, launch=f"{socket.gethostname()}:{os.getppid()}")


def test_what_the_environment_says_wrongly_is_told(surroundings: pytest.MonkeyPatch) -> None:
    surroundings.setenv("WORLD_SIZE", "2")
    surroundings.setenv("RANK", "2")
    with pytest.raises(TrainingError, match="`RANK=2` is none of `WORLD_SIZE=2`"):
        expected_team()
    surroundings.setenv("RANK", "first")
    with pytest.raises(TrainingError, match="`RANK=first` is not a whole number"):
        expected_team()


def test_a_meeting_that_cannot_be_is_told_in_a_phrase(surroundings: pytest.MonkeyPatch) -> None:
    surroundings.setenv("WORLD_SIZE", "2")
    surroundings.setenv("RANK", "0")
    with pytest.raises(
        TrainingError, match=r"meets nobody at \?:\?: the environment variable `MASTER_ADDR` is not set"
    ):
        meet()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        surroundings.setenv("MASTER_ADDR", "127.0.0.1")
        surroundings.setenv("MASTER_PORT", str(taken.getsockname()[1]))
        with pytest.raises(TrainingError, match="another program uses that port; choose one with `--rdzv-endpoint"):
            meet()


def meet() -> None:
    with join(expected_team(), torch.device("cpu")):
        raise AssertionError("nobody is there")


def test_the_launcher_is_told_what_starting_anew_would_not_cure(
    tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    assert not report_to_parent("nobody listens", 1)
    surroundings.setenv("NETDSL_VERDICT", str(tmp_path / "verdict.json"))
    assert not already_failed()
    assert report_to_parent("error: full", 1)
    assert already_failed()


@pytest.mark.parametrize(
    ("arguments", "rank", "status", "message"),
    [
        (["net.net", "--nproc", "0"], None, 2, "wrong value of `--nproc`: 0 is less than 1"),
        (["-", "--nproc", "2"], None, 2, "only one can read standard input"),
        (["net.net", "--nproc", "2"], "0", 2, "torchrun starts the processes here: leave out `--nproc`"),
    ],
)
def test_what_several_processes_cannot_do_is_one_message(
    surroundings: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], rank: str | None, status: int, message: str
) -> None:
    surroundings.chdir(tmp_path)
    Path("net.net").write_text(NET)
    if rank:
        surroundings.setenv("RANK", rank)
    result = CliRunner().invoke(door, ["run", *arguments], prog_name="netdsl", input=NET)
    assert result.exit_code == status, result.output
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("device", "gpus", "message"),
    [
        ("cuda:0", 2, "`cuda:0` is one device, and 3 processes are to train"),
        ("cuda", 2, "3 processes need 3 GPUs, and this machine has 2"),
        ("auto", 2, "3 processes need 3 GPUs, and this machine has 2"),
    ],
)
def test_each_process_needs_a_gpu_of_its_own(
    monkeypatch: pytest.MonkeyPatch, device: str, gpus: int, message: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    for local, kind in enumerate((TrainingError, ReportedElsewhere)):
        with pytest.raises(TrainingError, match=message) as raised:
            choose_device(device, local, 3)
        assert type(raised.value) is kind


HOPELESS = """
from pathlib import Path
from netdsl.training.distributed.launcher import launch
print(launch(["--no-such-option"], 1, Path("run")))
"""


def test_a_launcher_gives_up_some_time_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").touch()
    ran = subprocess.run([sys.executable, "-c", HOPELESS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == "1\n"
    assert ran.stderr.endswith(
        "error: process 0 failed, and starting all anew 3 times did not help; "
        "go on with `netdsl run --resume run --nproc 1`\n"
    )
