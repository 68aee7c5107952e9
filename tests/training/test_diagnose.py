from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from netdsl.builtins import optimizers
from netdsl.components import call
from netdsl.program import Use
from netdsl.runs.checkpoint import load
from netdsl.training import Saving, TrainingError, train

HUGE = Use(optimizers.sgd, {"lr": 1e18})


def fail(experiment: Any, folder: Path, saving: Saving) -> TrainingError:
    with pytest.raises(TrainingError) as caught:
        train(experiment, device="cpu", out=folder, quiet=True, saving=saving)
    return caught.value


@pytest.mark.parametrize("saving", [Saving(), Saving(steps=1)], ids=["from the beginning", "from a checkpoint"])
def test_the_layer_that_overflows_is_named_with_its_line(make: Any, tmp_path: Path, saving: Saving) -> None:
    error = fail(make(optimizer=HUGE, epochs=9), tmp_path / "run", saving)
    assert "the loss of step 3 (epoch 1) is not finite: `linear 8->3` at blobs.net:4 is the first" in error.message
    good = "no checkpoint had been written yet" if saving.steps is None else "safetensors` are still good"
    assert error.help is not None
    assert good in error.help


def test_a_layer_that_makes_nan_of_finite_numbers_is_the_cause(make: Any, tmp_path: Path) -> None:
    calls = [call("torch.nn:Linear", in_features=4, out_features=3), call(f"{__name__}:Logarithm")]
    error = fail(make(calls=calls), tmp_path / "run", Saving())
    assert "the loss of step 1 (epoch 1) is not finite: `relu` at blobs.net:2 is the first layer" in error.message


class Logarithm(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.log()


def test_a_batch_that_is_not_finite_is_the_datas_fault(make: Any, data: Any, tmp_path: Path) -> None:
    data.train.data.x[13, 2] = float("inf")
    error = fail(make(every=1), tmp_path / "run", Saving())
    assert "the batch itself holds values that are not finite" in error.message


def test_no_checkpoint_of_a_diverged_state_is_kept(make: Any, tmp_path: Path) -> None:
    fail(make(optimizer=HUGE, epochs=9, every=1000), tmp_path / "run", Saving(steps=1))
    for path in (tmp_path / "run" / "checkpoints").glob("step-*"):
        weights = load(path).state["model"].values()
        assert all(weight.isfinite().all() for weight in weights)
