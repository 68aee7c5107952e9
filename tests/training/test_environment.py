"""What a run says when the machine fails it: each failure is provoked, and its words compared with a golden file."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import pytest
import torch
from torch import Tensor, nn

from netdsl.builtins import optimizers
from netdsl.builtins.loggers import jsonl
from netdsl.checker import check
from netdsl.cli.shared.errors import show_error
from netdsl.components import Logger
from netdsl.core.errors import NetdslError
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.program import Use
from netdsl.training import Saving, TrainingError, train
from netdsl.training.distributed.rendezvous import expected_team, join
from tests.machine_failures import files_up_to

from .test_distributed import free_port
from .test_faults import after_an_epoch, photos  # noqa: F401  # a fixture

GOLDEN = Path(__file__).parents[1] / "golden" / "training"
CPU = torch.device("cpu")
POSIX = pytest.mark.skipif(os.name != "posix", reason="limits and signals are POSIX's")

Says = Callable[..., Any]


@pytest.fixture
def says(
    golden: Callable[[Path, str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Says:
    """A context in which netdsl fails, and says so in the words of a golden file."""
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def failing(name: str, changing: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
        with pytest.raises(NetdslError) as caught:
            yield
        capsys.readouterr()
        show_error(caught.value)
        said = capsys.readouterr().err
        for found, written in changing.items():
            said = said.replace(found, written)
        golden(GOLDEN / f"{name}.txt", said)

    return failing


@POSIX
def test_a_disk_without_room_for_a_run(make: Any, says: Says) -> None:
    with says("no_room_for_a_run"), files_up_to(0):
        train(make(), device="cpu", out="run", quiet=True)
    assert not Path("run").exists()


@POSIX
def test_a_disk_without_room_for_a_checkpoint(make: Any, says: Says) -> None:
    experiment = make()
    experiment = experiment._replace(uses={**experiment.uses, Logger: (Use(jsonl, {}),)})
    with says("no_room_for_a_checkpoint"), files_up_to(2000):
        train(experiment, device="cpu", out="run", quiet=True)


@POSIX
def test_a_disk_without_room_for_tensorboard_is_told_once(
    make: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hook = threading.excepthook
    with pytest.raises(TrainingError, match="file too large"), files_up_to(1500):
        train(make(), device="cpu", out=tmp_path / "run", quiet=True)
    assert capfd.readouterr().err == ""
    assert threading.excepthook is hook


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
def test_a_disk_that_fills_up_with_the_log(make: Any, says: Says) -> None:
    Path("run").mkdir()
    Path("run/metrics.jsonl").symlink_to("/dev/full")
    with says("no_room_for_the_log"):
        train(make(), device="cpu", out="run", quiet=True)


def test_a_folder_that_nobody_may_write_to(make: Any, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    def mkdir(path: str, *_: Any, **__: Any) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)  # root may write to every other one

    monkeypatch.setattr(os, "mkdir", mkdir)
    with says("no_permission"):
        train(make(), device="cpu", out="run", quiet=True)


def test_a_disk_that_becomes_read_only(make: Any, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    train(make(epochs=1), device="cpu", out="run", quiet=True)

    def fsync(_: int) -> NoReturn:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def begin_to_fail() -> None:
        monkeypatch.setattr(os, "fsync", fsync)

    after_an_epoch(monkeypatch, begin_to_fail)
    with says("read_only"):
        train(make(epochs=2), device="cpu", resume="run", quiet=True)


def test_an_image_that_disappears(photos: Any, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    after_an_epoch(monkeypatch, lambda: shutil.rmtree("photos"))
    with says("missing_image"):
        train(photos, device="cpu", out="run", quiet=True)


@POSIX
def test_a_worker_that_is_killed(photos: Any, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    after_an_epoch(monkeypatch, lambda: [os.kill(one.pid, signal.SIGKILL) for one in multiprocessing.active_children()])
    with says("lost_worker"):
        train(photos, device="cpu", out="run", quiet=True)


def hungry(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Layers that ask for more memory than there is, for more than so many samples."""
    really = nn.Linear.forward

    def forward(layer: nn.Linear, x: Tensor) -> Tensor:
        if len(x) > most:
            torch.empty(1 << 60, dtype=torch.uint8)
        return really(layer, x)

    monkeypatch.setattr(nn.Linear, "forward", forward)


@pytest.mark.parametrize(
    ("most", "name"), [(5, "out_of_memory"), (1, "memory_for_one_sample"), (0, "memory_for_no_sample")]
)
def test_memory_that_runs_out(make: Any, says: Says, monkeypatch: pytest.MonkeyPatch, most: int, name: str) -> None:
    hungry(monkeypatch, most)
    with says(name):
        train(make(), device="cpu", out="run", quiet=True)


def test_memory_that_runs_out_after_a_checkpoint(make: Any, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    train(make(epochs=1), device="cpu", out="run", quiet=True)
    hungry(monkeypatch, 5)
    with says("out_of_memory_after_a_checkpoint"):
        train(make(epochs=2), device="cpu", resume="run", quiet=True)


def test_weights_that_need_more_memory_than_there_is(says: Says) -> None:
    text = "flatten; linear 64->1000000000; linear 10; data digits"
    experiment, _ = check(Source("huge.net", text), load_registry())
    assert experiment is not None
    with says("memory_for_no_weights"):
        train(experiment, device="cpu", out="run", quiet=True)


@pytest.mark.parametrize(("saving", "name"), [(Saving(), "nan"), (Saving(steps=1), "nan_after_a_checkpoint")])
def test_a_loss_that_is_not_finite(make: Any, says: Says, saving: Saving, name: str) -> None:
    with says(name):
        train(
            make(optimizer=Use(optimizers.sgd, {"lr": 1e18}), epochs=9),
            device="cpu",
            out="run",
            quiet=True,
            saving=saving,
        )


def test_a_compiler_that_is_missing(make: Any, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._inductor.exc import InvalidCxxCompiler

    def compile_without(*_: Any, **__: Any) -> Any:
        def forward(_: Tensor) -> NoReturn:
            raise InvalidCxxCompiler

        return forward

    monkeypatch.setattr(torch, "compile", compile_without)
    with says("no_compiler"):
        train(make(compile="default"), device="cpu", out="run", quiet=True)


def be_process(monkeypatch: pytest.MonkeyPatch, **environment: object) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))


def test_a_launcher_that_says_too_little(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    be_process(monkeypatch, RANK=0, WORLD_SIZE=2)
    with says("no_address"), join(expected_team(), CPU):
        pass


def test_a_port_that_another_program_uses(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        be_process(monkeypatch, RANK=0, WORLD_SIZE=2, MASTER_ADDR="127.0.0.1", MASTER_PORT=taken.getsockname()[1])
        with says("port_in_use", {str(taken.getsockname()[1]): "PORT"}), join(expected_team(), CPU):
            pass


def leave_early(port: int) -> None:
    """A process of a team of two that meets the other, and dies."""
    os.environ.update(RANK="1", WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    with join(expected_team(), CPU):
        os._exit(1)


@POSIX
def test_a_process_of_the_team_that_dies(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    other = multiprocessing.get_context("spawn").Process(target=leave_early, args=(port,))
    other.start()
    be_process(monkeypatch, RANK=0, WORLD_SIZE=2, MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
    team = expected_team()
    with says("lost_process"), join(team, CPU):
        other.join()
        team.sum([1.0])
