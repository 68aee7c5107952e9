from __future__ import annotations

import csv
import errno
import json
import multiprocessing
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from time import sleep, time
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from netdsl.builtins.loggers import jsonl
from netdsl.components import Logger
from netdsl.program import Use
from netdsl.training import train
from netdsl.training.recorder import Loggers
from netdsl.training.reporting import tensorboard
from netdsl.training.reporting.loggers import Csv, Jsonl
from netdsl.training.reporting.tensorboard import Beside, TensorBoard, visible

from ..machine_failures import POSIX


def curve(folder: Path, name: str) -> list[tuple[int, float]]:
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(name)]


def test_tensorboard_shows_the_loss_every_hundred_steps_and_the_test_every_epoch(make: Any, tmp_path: Path) -> None:
    result = train(make(every=4), device="cpu", out=tmp_path / "run", quiet=True)
    assert [step for step, _ in curve(result.folder, "train/loss")] == [1, 4, 8, 12, 16]
    for name in ("loss", "accuracy"):
        found = curve(result.folder, f"test/{name}")
        assert found == [(epoch.step, pytest.approx(epoch.test[name])) for epoch in result.epochs]


def test_tensorboard_shows_graph_and_settings_and_the_run_does_not_notice(make: Any, tmp_path: Path) -> None:
    watched = train(make(epochs=1, every=2), device="cpu", out=tmp_path / "run", quiet=True)
    events = EventAccumulator(str(watched.folder / "tensorboard"))
    events.Reload()
    names = {node.name.rpartition("/weight")[0] for node in events.Graph().node}
    assert {"Sequential/Linear[0]/weight", "Sequential/Linear[3]/weight"} <= names
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"optimizer.lr" in content
    assert b"train.every" in content
    experiment = make(epochs=1, every=2)
    experiment = experiment._replace(uses={**experiment.uses, Logger: (Use(jsonl, {}),)})
    unwatched = train(experiment, device="cpu", out=tmp_path / "other", quiet=True)
    assert not (unwatched.folder / "tensorboard").exists()
    assert all(map(torch.equal, watched.model.parameters(), unwatched.model.parameters()))


def test_samples_are_pictures_whatever_they_were_normalised_to(tmp_path: Path) -> None:
    logger = TensorBoard(tmp_path)
    images = torch.randn(20, 3, 8, 8) * 5
    logger.begin(Beside(nn.Flatten(), lambda: images, {"lr": 0.1}, ("test/loss",)))
    logger.log({"loss": 1.0}, 1)
    logger.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (grid,) = events.Images("samples")
    assert (grid.width, grid.height) == (64, 16)
    shown = visible(images)
    assert shown.amin() == 0
    assert shown.amax() == 1


def test_a_net_that_cannot_be_traced_keeps_its_curves(tmp_path: Path) -> None:
    def broken() -> torch.Tensor:
        raise RuntimeError("no samples")

    logger = TensorBoard(tmp_path)
    logger.begin(Beside(nn.Identity(), broken, {}, ()))
    logger.log({"loss": 1.0}, 1)
    logger.close()
    assert curve(tmp_path, "loss") == [(1, 1.0)]


def test_points_that_wait_for_each_other_keep_their_own_time(tmp_path: Path) -> None:
    logger = TensorBoard(tmp_path)
    before = time()
    for step in range(1, 4):
        logger.log({"train/loss": step / 2, "test/loss": float(step)}, step)
    written = time()
    logger.flush()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("train/loss")] == [(1, 0.5), (2, 1.0), (3, 1.5)]
    times = [event.wall_time for event in events.Scalars("test/loss")]
    assert before <= times[0] <= times[1] <= times[2] <= written
    logger.close()


@pytest.mark.parametrize("logger", [Jsonl, Csv, TensorBoard])
def test_a_resumed_logger_forgets_what_came_later(logger: Any, tmp_path: Path) -> None:
    first = logger(tmp_path)
    for step in (1, 2, 3):
        first.log({"loss": float(step)}, step)
    first.flush() if hasattr(first, "flush") else None
    first.close()
    second = logger(tmp_path)
    second.resume(2, 2)
    second.log({"loss": 30.0}, 3)
    second.close()
    assert read(tmp_path) == [(1, 1.0), (2, 2.0), (3, 30.0)]


def read(folder: Path) -> list[tuple[int, float]]:
    if (folder / "metrics.jsonl").exists():
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        return [(line["step"], line["loss"]) for line in lines]
    if (folder / "metrics.csv").exists():
        with (folder / "metrics.csv").open(newline="") as file:
            return [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]
    return curve(folder, "loss")


def test_a_line_that_was_cut_short_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 1.0}\n{"step": 2, "lo')
    logger = Jsonl(tmp_path)
    logger.resume(1, 1)
    logger.log({"loss": 2.0}, 2)
    logger.close()
    assert read(tmp_path) == [(1, 1.0), (2, 2.0)]


@POSIX
@pytest.mark.parametrize(("logger", "file"), [(Jsonl, "metrics.jsonl"), (Csv, "metrics.csv")])
def test_a_device_in_the_place_of_a_log_is_not_read(tmp_path: Path, logger: type[Jsonl] | type[Csv], file: str) -> None:
    (tmp_path / file).symlink_to("/dev/null")
    with pytest.raises(OSError, match="Not a regular file"):
        logger(tmp_path).resume(1, 1)


def test_csv_has_a_column_a_metric(tmp_path: Path) -> None:
    logger = Csv(tmp_path)
    logger.log({"loss": 1.0}, 1)
    logger.log({"accuracy": 0.5}, 2)
    logger.close()
    assert (tmp_path / "metrics.csv").read_text().splitlines() == ["step,loss,accuracy", "1,1.0,", "2,,0.5"]


class Noted:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.logged: list[tuple[Mapping[str, float], int]] = []
        self.closed = False

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        if self.error:
            raise self.error
        self.logged.append((metrics, step))

    def close(self) -> None:
        self.closed = True


def test_a_logger_that_fails_is_switched_off_with_one_warning() -> None:
    broken, sound, warnings = Noted(RuntimeError("no network")), Noted(), []
    loggers = Loggers([broken, sound], warnings.append)
    for step in (1, 2):
        loggers.log({"loss": 1.0}, step)
    loggers.flush()
    loggers.close()
    assert warnings == ["the logger Noted is switched off: RuntimeError: no network"]
    assert [step for _, step in sound.logged] == [1, 2]
    assert broken.closed
    assert sound.closed


def test_a_full_disk_is_not_the_loggers_fault() -> None:
    loggers = Loggers([Noted(OSError(errno.ENOSPC, "No space left on device"))], pytest.fail)
    with pytest.raises(OSError, match="No space"):
        loggers.log({"loss": 1.0}, 1)


def test_what_is_no_number_is_left_out() -> None:
    logger = Noted()
    Loggers([logger], pytest.fail).log({"loss": float("nan"), "accuracy": 0.5}, 1)
    assert logger.logged == [({"accuracy": 0.5}, 1)]


def test_points_wait_until_tensorboard_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = threading.Event()
    monkeypatch.setattr(tensorboard, "_import_writer", imported.wait)
    logger = TensorBoard(tmp_path)
    logger.begin(None)
    for step in (1, 2):
        logger.log({"loss": float(step)}, step)
    assert not (tmp_path / "tensorboard").exists()
    threading.Timer(0.1, imported.set).start()
    logger.close()  # as at the end of a run that is over before the import
    assert curve(tmp_path, "loss") == [(1, 1.0), (2, 2.0)]


def test_a_process_that_is_forked_waits_for_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    moments: list[str] = []
    monkeypatch.setattr(tensorboard, "_import_writer", lambda: (sleep(0.2), moments.append("imported")))
    logger = TensorBoard(tmp_path)
    logger.begin(None)
    child = multiprocessing.get_context("fork").Process(target=abs, args=(0,))
    child.start()
    moments.append("forked")
    child.join()
    assert moments == ["imported", "forked"]
    logger.close()


def test_a_tensorboard_that_cannot_be_imported_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard.writer", None)
    said: list[str] = []
    loggers = Loggers([TensorBoard(tmp_path)], said.append)
    loggers.begin(None)
    for step in (1, 2):
        loggers.log({"loss": 1.0}, step)
        loggers.flush()
    loggers.close()
    (message,) = said
    assert message.startswith("the logger TensorBoard is switched off: ModuleNotFoundError: ")
