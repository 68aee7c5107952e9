from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from netdsl.checker import check
from netdsl.components import call
from netdsl.core.source import Source
from netdsl.data import DataError
from netdsl.plugins.registry import load_registry
from netdsl.runs.history import Epoch
from netdsl.training import Saving, TrainingError, train
from netdsl.training.machine.out_of_memory import find_largest
from netdsl.training.recorder import Recorder

from .conftest import exchange

EVERY_STEP = Saving(steps=1)
PHOTOS = """flatten; linear 3
data folder photos split=0.5 batch=4 cache=none workers=1 shuffle=false { resize 8x8 }
train epochs=4 speed=contiguous
"""


def fsync_until(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """A disk that is full from the given write on."""
    really, calls = os.fsync, iter(range(10**9))

    def fsync(descriptor: int) -> None:
        if next(calls) >= count:
            raise OSError(errno.ENOSPC, "No space left on device")
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


def test_wherever_the_disk_fills_up_nothing_is_lost(
    make: Any, data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = make(epochs=1)
    whole = train(experiment, device="cpu", out=tmp_path / "whole", quiet=True, saving=EVERY_STEP)
    for count in range(0, 400, 5):  # a save makes six writes, so each of them fails some time
        out = tmp_path / str(count)
        with monkeypatch.context() as patch:
            fsync_until(patch, count)
            error = what_stops(experiment, out)
        if error is None:
            break
        assert "no space left on device" in error.message
        assert "make room" in str(error.help)
        where = {"resume": out} if (out / "run.json").exists() else {"out": out}
        again = train(experiment, device="cpu", quiet=True, saving=EVERY_STEP, **where)
        for name in ("model.safetensors", "metrics.jsonl"):
            assert (again.folder / name).read_bytes() == (whole.folder / name).read_bytes()
    assert count > 30


def what_stops(experiment: Any, out: Path) -> TrainingError | None:
    try:
        train(experiment, device="cpu", out=out, quiet=True, saving=EVERY_STEP)
    except TrainingError as error:
        return error
    return None


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An experiment on 24 images in a folder, read by a process of their own."""
    monkeypatch.chdir(tmp_path)
    for label in "abc":
        Path("photos", label).mkdir(parents=True)
        for index in range(8):
            pixels = torch.randint(256, (8, 8, 3), dtype=torch.uint8)
            Image.fromarray(pixels.numpy()).save(f"photos/{label}/{index}.png")
    experiment, _ = check(Source("photos.net", PHOTOS), load_registry())
    return experiment


def after_an_epoch(monkeypatch: pytest.MonkeyPatch, action: Callable[[], Any]) -> None:
    really = Recorder.epoch_ended

    def epoch_ended(recorder: Recorder, *results: Any) -> Epoch:
        epoch = really(recorder, *results)
        action()
        return epoch

    monkeypatch.setattr(Recorder, "epoch_ended", epoch_ended)


def test_data_that_are_deleted_under_a_run_are_named_and_the_run_is_saved(
    photos: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(photos, device="cpu", out="whole", quiet=True)
    with monkeypatch.context() as patch:
        after_an_epoch(patch, lambda: shutil.move("photos", "away"))
        with pytest.raises(DataError, match=r"photos/./.\.png` cannot be read: no such file or directory") as raised:
            train(photos, device="cpu", out="cut", quiet=True)
    assert "go on with `netdsl run --resume cut`" in str(raised.value.help)
    shutil.move("away", "photos")
    again = train(photos, device="cpu", resume="cut", quiet=True)
    assert all(map(torch.equal, again.model.parameters(), whole.model.parameters()))


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_the_death_of_a_process_that_reads_is_one_message_and_the_run_is_saved(
    photos: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(photos, device="cpu", out="whole", quiet=True)
    with monkeypatch.context() as patch:
        after_an_epoch(patch, lambda: [os.kill(one.pid, signal.SIGKILL) for one in multiprocessing.active_children()])
        with pytest.raises(DataError, match="a process that reads the data has died") as raised:
            train(photos, device="cpu", out="cut", quiet=True)
    assert "go on with `netdsl run --resume cut`" in str(raised.value.help)
    again = train(photos, device="cpu", resume="cut", quiet=True)
    assert all(map(torch.equal, again.model.parameters(), whole.model.parameters()))


def hungry(monkeypatch: pytest.MonkeyPatch, most: int, *, testing: bool = False, cuda: bool = False) -> None:
    """Layers that find no memory for more than so many samples, in training or in testing."""
    really = nn.Linear.forward

    def forward(layer: nn.Linear, x: Tensor) -> Tensor:
        if len(x) > most and (most == 0 or layer.training is not testing):
            if cuda:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            torch.empty(1 << 60, dtype=torch.uint8)
        return really(layer, x)

    monkeypatch.setattr(nn.Linear, "forward", forward)


@pytest.mark.parametrize("cuda", [False, True])
def test_out_of_memory_says_how_many_samples_would_fit(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuda: bool
) -> None:
    hungry(monkeypatch, 5, cuda=cuda)
    with pytest.raises(TrainingError) as raised:
        train(make(accumulate=3), device="cpu", out=tmp_path / "r", quiet=True)
    assert raised.value.message == "out of memory on cpu in step 1, with batches of 8: about 5 samples fit"
    assert raised.value.help == (
        "begin a new run with `--set data.batch=4 --set train.accumulate=6`, whose steps are the same; "
        f"no checkpoint had been written yet: `netdsl run --resume {tmp_path / 'r'}` begins the run again"
    )


def test_out_of_memory_with_a_single_sample(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hungry(monkeypatch, 0)
    with pytest.raises(TrainingError, match="with batches of 8: not even one sample fits"):
        train(make(), device="cpu", out=tmp_path / "r", quiet=True)


def test_a_net_without_room_for_its_weights(make: Any, tmp_path: Path) -> None:
    calls = [call("torch.nn:Linear", in_features=4, out_features=1 << 54, bias=False)]
    with pytest.raises(TrainingError, match="out of memory on cpu before the first step: the weights alone take 0B"):
        train(make(calls=calls), device="cpu", out=tmp_path / "r", quiet=True)


def test_a_test_that_does_not_fit_goes_on_with_smaller_batches(
    make: Any, data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exchange(data, test=data.test.batched(21))
    whole = train(make(), device="cpu", out=tmp_path / "whole", quiet=True)
    hungry(monkeypatch, 6, testing=True)
    found = train(make(), device="cpu", out=tmp_path / "r")
    assert [line for line in capsys.readouterr().out.splitlines() if "memory" in line] == [
        "out of memory with a test batch of 21: going on with 10",
        "out of memory with a test batch of 10: going on with 5",
    ]
    assert all(map(torch.equal, found.model.parameters(), whole.model.parameters()))
    for one, other in zip(found.epochs, whole.epochs, strict=True):
        assert one.test == pytest.approx(other.test)


@pytest.mark.parametrize(
    ("failed", "most", "fitting", "found"),
    [
        (1024, 2000, 1023, 960),
        (1024, 2000, 300, 288),
        (1024, 100, 300, 100),
        (8, 8, 0, 0),
        (1, 9, 1, 0),
        (64, 64, 1, 1),
    ],
)
def test_the_largest_batch_is_found_by_halves(failed: int, most: int, fitting: int, found: int) -> None:
    assert find_largest(lambda size: size <= fitting, failed, most) == found


@pytest.mark.parametrize("kind", ["other net", "other settings"])
def test_a_checkpoint_of_another_run_is_refused(make: Any, data: Any, tmp_path: Path, kind: str) -> None:
    train(make(), device="cpu", out=tmp_path / "a", quiet=True)
    train(make(), device="cpu", out=tmp_path / "b", quiet=True)
    if kind == "other net":
        (tmp_path / "b" / "run.net").write_text("another")
        message = r"step-00000018.safetensors` is of another net than `run.net` beside it"
        experiment = make()
    else:
        message = "the checkpoint of step 18 in `.*b` is of a run with other settings"
        experiment = make(ema=0.9)
    with pytest.raises(TrainingError, match=message):
        train(experiment, device="cpu", resume=tmp_path / "b", quiet=True)


def test_files_that_are_no_checkpoints_are_left_alone(make: Any, data: Any, tmp_path: Path) -> None:
    whole = train(make(), device="cpu", out=tmp_path / "r", quiet=True)
    (tmp_path / "r" / "checkpoints" / "step-best.safetensors").write_bytes(b"mine")
    again = train(make(), device="cpu", resume=tmp_path / "r", quiet=True)
    assert all(map(torch.equal, again.model.parameters(), whole.model.parameters()))
    assert (tmp_path / "r" / "checkpoints" / "step-best.safetensors").read_bytes() == b"mine"
