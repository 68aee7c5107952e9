"""Nets that answer yes or no: what they are measured by, where no `metrics` line says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import netdsl
from netdsl.training.metrics import BinaryAccuracy


def write_table(answers: int) -> None:
    """Rows of four numbers, and whether some of them are above 0."""
    x = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    y = (x[:, :answers] > 0).astype(np.float32)
    np.savez("table.npz", x=x, y=y[:, 0] if answers == 1 else y)


@pytest.mark.parametrize("answers", [1, 3])
@pytest.mark.parametrize("end", ["loss bce_with_logits", "sigmoid; loss bce"])
def test_yes_or_no_is_measured_by_the_share_of_right_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: int, end: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(answers)
    text = f"input 4; linear {answers}; {end}; data npz table.npz split=0.2; optimizer sgd lr=1; train epochs=8"
    result = netdsl.train(text, device="cpu", out="run", quiet=True)
    about = json.loads(Path("run/run.json").read_text("utf-8"))
    assert (about["criterion"], about["highest"]) == ("binary_accuracy", True)
    assert result.best is not None
    assert result.best.test["binary_accuracy"] > 0.8


SCORES, PROBABILITIES = [2.0, 0.4, -1.0, -3.0], [0.9, 0.6, 0.2, 0.1]


@pytest.mark.parametrize("shape", [(4,), (4, 1), (2, 2)])
@pytest.mark.parametrize(("outputs", "probabilities"), [(SCORES, False), (PROBABILITIES, True)])
def test_the_share_is_over_all_answers_of_all_batches(
    shape: tuple[int, ...], outputs: list[float], probabilities: bool
) -> None:
    output, target = torch.tensor(outputs).reshape(shape), torch.tensor([1.0, 0.0, 1.0, 0.0])
    metric = BinaryAccuracy()
    metric.probabilities = probabilities
    metric.update(output, target)  # right, wrong, wrong, right
    metric.update(output[-1:], target.reshape(shape)[-1:])
    assert metric.compute().item() == pytest.approx(3 / 6 if shape == (2, 2) else 3 / 5)
