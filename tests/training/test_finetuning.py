from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from netdsl.builtins import optimizers
from netdsl.components import call
from netdsl.program import Use
from netdsl.runs.weights import read_weights, transfer
from netdsl.training import Saving, TrainingError, train
from netdsl.training.assembly import assemble
from netdsl.training.schedules import Steps

STEPS = Steps(18, 6)
CPU = torch.device("cpu")


def bigger() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 5), nn.Linear(5, 5))


def test_what_fits_is_taken_over_and_the_rest_is_told(make: Any, tmp_path: Path) -> None:
    result = train(make(), device="cpu", out=tmp_path / "run", quiet=True)
    net = bigger()
    assert str(transfer(read_weights(result.folder / "model.safetensors"), net, "run")) == (
        "2 of 6 tensors are taken over; of another shape: `3.weight: 5x8 here, 3x8 there`, `3.bias: 5 here, 3 there`; "
        "not in the file: `4.weight`, `4.bias`"
    )
    assert torch.equal(net[0].weight, result.model[0].weight)


@pytest.mark.parametrize("wrapper", ["", "module.", "_orig_mod."])
def test_files_of_torch_are_read_without_running_code(tmp_path: Path, wrapper: str) -> None:
    torch.save({wrapper + name: value for name, value in bigger().state_dict().items()}, tmp_path / "w.pth")
    assert len(transfer(read_weights(tmp_path / "w.pth"), bigger(), "w.pth").taken) == 6


def test_the_weights_of_a_checkpoint_are_taken_too(make: Any, tmp_path: Path) -> None:
    train(make(), device="cpu", out=tmp_path / "run", quiet=True)
    (checkpoint,) = (tmp_path / "run" / "checkpoints").glob("step-*")
    report = transfer(read_weights(checkpoint), assemble(make(), CPU, STEPS).module, "checkpoint")
    assert (len(report.taken), report.unused) == (4, ())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.safetensors", None, "cannot read the weights"),
        ("bad.safetensors", b"no weights", "holds no weights that can be read safely"),
        ("bad.pth", b"no weights", "holds no weights that can be read safely"),
    ],
)
def test_a_file_without_weights_is_refused(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TrainingError, match=message):
        read_weights(tmp_path / name)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save(bigger(), tmp_path / "whole.pth")
    with pytest.raises(TrainingError, match="read safely"):
        read_weights(tmp_path / "whole.pth")


def test_a_file_of_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    torch.save(nn.LSTM(2, 2).state_dict(), tmp_path / "w.pth")
    with pytest.raises(TrainingError, match="nothing in"):
        transfer(read_weights(tmp_path / "w.pth"), bigger(), "w.pth")


def test_training_begins_with_the_weights_and_resumes_with_them(make: Any, data: Any, tmp_path: Path) -> None:
    first = train(make(), device="cpu", out=tmp_path / "first", quiet=True)
    still = Use(optimizers.sgd, {"lr": 0.0})
    second = train(make(optimizer=still), device="cpu", out=tmp_path / "second", init=first.folder, quiet=True)
    assert torch.equal(second.model[0].weight, first.model[0].weight)
    assert (tmp_path / "second" / "checkpoints" / "step-00000000.safetensors").exists()


def test_frozen_layers_stay_as_they_are(make: Any, tmp_path: Path) -> None:
    calls = [
        call("torch.nn:Linear", in_features=4, out_features=8),
        call("torch.nn:BatchNorm1d", num_features=8),
        call("torch.nn:Linear", in_features=8, out_features=3),
    ]
    experiment = make(calls=calls, freeze=("0", "1"))
    before = assemble(experiment, CPU, STEPS).module.state_dict()
    after = train(experiment, device="cpu", out=tmp_path / "run", quiet=True).model.state_dict()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed == ["2.weight", "2.bias"]


def test_everything_frozen_leaves_nothing_to_train(make: Any) -> None:
    with pytest.raises(TrainingError, match="nothing to train"):
        assemble(make(freeze=("0", "3")), CPU, STEPS)


def test_weight_decay_can_leave_vectors_alone(make: Any) -> None:
    adamw = Use(optimizers.adamw, {"weight_decay": 0.1})
    groups = assemble(make(optimizer=adamw, decay="weights"), CPU, STEPS).optimizer.param_groups
    assert [(group["weight_decay"], [len(p.shape) for p in group["params"]]) for group in groups] == [
        (0.1, [2, 2]),
        (0.0, [1, 1]),
    ]
    assert len(assemble(make(optimizer=adamw), CPU, STEPS).optimizer.param_groups) == 1


def test_the_best_epochs_are_kept(make: Any, tmp_path: Path) -> None:
    result = train(make(epochs=8, keep=3), device="cpu", out=tmp_path / "run", quiet=True, saving=Saving(steps=5))
    best = sorted(result.epochs, key=lambda epoch: -epoch.test["accuracy"])[:3]
    kept = sorted(path.name for path in (tmp_path / "run" / "checkpoints").glob("epoch-*"))
    assert kept == sorted(f"epoch-{epoch.number:04}.safetensors" for epoch in best)
