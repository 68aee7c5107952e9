"""Masks, tables, settings of layers: a run that was cut, in memory or read from files, ends with its bits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import netdsl
from netdsl.core.errors import DataError, TrainingError
from netdsl.data.resident import Resident
from netdsl.data.streaming import Streaming

NETS = {
    "drawn masks": "conv 4 k3 p1; bn; relu; conv 4 k1\ndata shapes 1x16x16 size=40 batch=8 { hflip; rotation 20 }",
    "masks in files": """conv 4 k3 p1; bn; relu; conv 3 k1
data masks "pets" classes=3 batch=4 cache=none workers=0 split=0.25 { resize 12x12; hflip; randomcrop 8 }""",
    "table": """linear 4; relu; dropout 0.3; linear 1
data csv "houses.csv" target=price scale=log missing=median flag batch=8 { normalize }
metrics log_rmse""",
    "settings of layers": """conv 4 k3 p1; bn; relu; conv 4 k1 as head
data shapes 1x16x16 size=40 batch=8 { hflip; rotation 20 }
optimizer adamw lr=0.01 head.lr=0.1 normalisation.weight_decay=0 conv.betas=0.8,0.9 maxnorm=0.4 head.maxnorm=1
schedule cosine warmup=0.5""",
}
CUT = 9
"""The batch of training that never comes: in the second epoch or a later one."""


class LightsOut(Exception):
    """Ends a run in the midst of an epoch."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for inner in ("images", "masks"):
        (tmp_path / "pets" / inner).mkdir(parents=True)
    for name in map(str, range(20)):
        pixels = generator.integers(0, 256, (14, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pets" / "images" / f"{name}.png")
        Image.fromarray(pixels[..., 0] % 3).save(tmp_path / "pets" / "masks" / f"{name}.png")
    rows = [f"{n % 11 if n % 4 else ''},{'red' if n % 3 else 'blue'},{1000 + 30 * n}" for n in range(60)]
    (tmp_path / "houses.csv").write_text("\n".join(["size,colour,price", *rows]) + "\n")
    return tmp_path


def cut_at(pipeline: type, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the pipelines that shuffle, and so train, end at a batch, counted over all epochs."""
    really: Any = pipeline.epoch  # type: ignore[attr-defined]

    def epoch(self: Any, number: int, start: int = 0) -> Iterator[Any]:
        for index, one in enumerate(really(self, number, start), start):
            if self.plan.shuffle and number * self.batches + index == batch:
                raise LightsOut
            yield one

    monkeypatch.setattr(pipeline, "epoch", epoch)


@pytest.mark.parametrize("kind", NETS)
def test_a_run_of_it_that_was_cut_comes_to_the_same_bits(
    home: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = home / "a.net"
    optimizer = "" if "optimizer" in NETS[kind] else "optimizer adam lr=0.01"
    net.write_text(f"{NETS[kind]}\n{optimizer}\ntrain epochs=4 seed=3 speed=contiguous report=false\n")
    whole = netdsl.train(net, out=home / "whole", device="cpu", quiet=True)
    with monkeypatch.context() as patch:
        for pipeline in (Resident, Streaming):
            cut_at(pipeline, CUT, patch)
        with pytest.raises(LightsOut):
            netdsl.train(net, out=home / "cut", device="cpu", quiet=True)
    done = [json.loads(line) for line in (home / "cut" / "metrics.jsonl").read_text().splitlines()]
    assert 1 <= max(line.get("epoch", 0) for line in done) < 4
    torch.manual_seed(99)
    resumed = netdsl.train(resume=home / "cut", device="cpu", quiet=True)
    assert (resumed.folder / "model.safetensors").read_bytes() == (whole.folder / "model.safetensors").read_bytes()
    assert [epoch.test for epoch in resumed.epochs] == [epoch.test for epoch in whole.epochs]


def test_a_damaged_mask_ends_a_run_with_one_message_that_names_it(home: Path) -> None:
    mask = home / "pets" / "masks" / "7.png"
    mask.write_bytes(mask.read_bytes()[:60])
    net = home / "a.net"
    net.write_text(f"{NETS['masks in files']}\ntrain epochs=1 report=false\n")
    with pytest.raises((TrainingError, DataError), match=r"7\.png"):
        netdsl.train(net, out=home / "run", device="cpu", quiet=True)
    net.write_text(net.read_text().replace("workers=0", "workers=0 on_error=skip"))
    result = netdsl.train(net, out=home / "skipping", device="cpu", quiet=True)
    assert len(result.epochs) == 1
