from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from netdsl.builtins import optimizers
from netdsl.program import Use
from netdsl.training import RunResult, Saving, train

from .conftest import exchange


class PowerCut(Exception):
    """Ends a run where no one expects it."""


def cut_at(pipeline: Any, step: int) -> Any:
    """A pipeline that ends the run at the given batch, counted over all epochs."""

    class Cut(type(pipeline)):  # type: ignore[misc]
        def epoch(self, number: int, start: int = 0) -> Iterator[Any]:
            for index, batch in enumerate(super().epoch(number, start), start):
                if number * self.batches + index == step:
                    raise PowerCut
                yield batch

    return Cut(pipeline.chain, pipeline.plan, pipeline.device, pipeline.data)


def lines(result: RunResult) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (result.folder / "metrics.jsonl").read_text().splitlines()]


ADAMW = Use(optimizers.adamw, {"lr": 0.01, "weight_decay": 0.1})
RMSPROP = Use(optimizers.rmsprop, {"lr": 0.01, "momentum": 0.5})


@pytest.mark.parametrize("step", [0, 1, 5, 6, 11, 17])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": ADAMW, "ema": 0.9, "clip": 0.5},
        {"optimizer": RMSPROP, "accumulate": 4},
        {"precision": "bf16", "steps": 15},
        {"precision": "fp16", "optimizer": ADAMW},
    ],
    ids=lambda settings: "-".join(settings) or "defaults",
)
def test_a_run_that_was_cut_ends_as_if_it_had_not_been(
    make: Any, data: Any, tmp_path: Path, settings: dict[str, Any], step: int
) -> None:
    experiment = make(**settings)
    whole = train(experiment, device="cpu", out=tmp_path / "whole", quiet=True, saving=Saving(steps=2))
    good = data.train
    exchange(data, train=cut_at(good, step))
    try:
        train(experiment, device="cpu", out=tmp_path / "cut", quiet=True, saving=Saving(steps=2))
    except PowerCut:
        exchange(data, train=good)
    torch.manual_seed(99)
    resumed = train(experiment, device="cpu", resume=tmp_path / "cut", quiet=True, saving=Saving(steps=2))

    expected, found = whole.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert [replace(epoch, rate=0, seconds=0) for epoch in resumed.epochs] == [
        replace(epoch, rate=0, seconds=0) for epoch in whole.epochs
    ]
    assert lines(resumed) == lines(whole)
    for name in ("model.safetensors", f"checkpoints/epoch-{whole.best.number:04}.safetensors"):
        assert (resumed.folder / name).read_bytes() == (whole.folder / name).read_bytes()
