"""Runs on tables: what is learnt of the training rows is applied alike to all that comes later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import netdsl
from netdsl.core.errors import DataError, TrainingError
from netdsl.data import open_data
from netdsl.data.samples import Feature, Learnt
from netdsl.runs.about import KnownFacts, Speed, conforms, read_about
from netdsl.runs.known_data import describe_learnt, find_learnt

NET = """linear 16; relu; linear 1
data csv "houses.csv" target=price scale={scale} missing=median flag {{ normalize }}
loss mse
optimizer adam lr=0.01
metrics rmse; metrics r2
train epochs={epochs} speed=contiguous
"""


def write_houses(folder: Path, change: str = "") -> Path:
    generator = torch.Generator().manual_seed(0)
    areas = (30 + 100 * torch.rand(80, generator=generator)).tolist()
    prices = [2000 * area * (2 if n % 3 == 1 else 1) for n, area in enumerate(areas)]
    rows = [
        f"{round(area, 2) if n % 7 else 'NA'},{('old', 'new', '')[n % 3]},{price:.0f}{change}"
        for n, (area, price) in enumerate(zip(areas, prices, strict=True))
    ]
    path = folder / "houses.csv"
    path.write_text("\n".join(["area,state,price", *rows]) + "\n")
    return path


def train(folder: Path, scale: str, epochs: int = 30) -> Path:
    (folder / "houses.net").write_text(NET.format(scale=scale, epochs=epochs))
    netdsl.train(folder / "houses.net", device="cpu", out=folder / "run", quiet=True)
    return folder / "run"


@pytest.mark.parametrize("scale", ["standard", "log"])
def test_metrics_and_predictions_are_in_the_unit_of_the_target(tmp_path: Path, scale: str) -> None:
    write_houses(tmp_path)
    net = netdsl.load(train(tmp_path, scale), device="cpu")
    results = net.evaluate()
    assert results["r2"] > 0.5
    assert results["loss"] < 1 < results["rmse"]
    # The test rows, as they stand in the file.
    plain = open_data(net.data, "cpu", seed=0)
    facts = plain.facts
    assert facts.scale is not None
    assert facts.scale == net.facts.scale
    whole = net.predict(tmp_path / "houses.csv")
    table = [line.split(",") for line in (tmp_path / "houses.csv").read_text().splitlines()[1:]]
    tested = {round(float(y), 5) for batch in plain.test.epoch(0) for y in batch.y}
    values = torch.tensor([float(row[2]) for row in table]).double()
    logs = values.log() if scale == "log" else values
    scaled = (logs - facts.scale.mean[0]) / facts.scale.std[0]
    rows = [index for index, value in enumerate(scaled.tolist()) if round(value, 5) in tested]
    errors = [(whole[row] - values[row].item()) ** 2 for row in rows]
    assert len(rows) == 16
    assert (sum(errors) / len(errors)) ** 0.5 == pytest.approx(results["rmse"], rel=1e-3)


def test_a_table_that_has_changed_is_read_as_the_run_has_learnt(tmp_path: Path) -> None:
    write_houses(tmp_path)
    run = train(tmp_path, "log", epochs=2)
    before = netdsl.load(run, device="cpu").transform([{"area": None, "state": "old"}])
    learnt = find_learnt(run)
    assert learnt is not None
    write_houses(tmp_path, change="000")  # a thousand times as dear
    net = netdsl.load(run, device="cpu")
    assert torch.equal(net.transform([{"area": None, "state": "old"}]), before)
    assert net.evaluate()["loss"] > 100  # with a scale learnt anew it would be near 1
    netdsl.train(resume=run, overrides={"train.epochs": "3"}, device="cpu", quiet=True)
    assert find_learnt(run) == learnt


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = write_houses(tmp_path)
    run = train(tmp_path, "none", epochs=1)
    path.write_text(path.read_text().replace("state,", "place,", 1))
    with pytest.raises(DataError, match="was trained on area, state, but the table has area, place"):
        netdsl.load(run, device="cpu").evaluate()
    with pytest.raises(DataError, match=r"`houses.csv` lacks a column that the net needs: `state`"):
        netdsl.load(run, device="cpu").predict(path)


def test_what_is_learnt_is_kept_as_it_is(tmp_path: Path) -> None:
    about = {
        **describe_learnt(Learnt((Feature("a", ("x", "y"), ("y",), None, True), Feature("b", fill=0.1)))),
        "mean": [0.5],
    }
    (tmp_path / "run.json").write_text(json.dumps({"data": about}))
    assert find_learnt(tmp_path) == Learnt(
        (Feature("a", ("x", "y"), ("y",), None, True), Feature("b", fill=0.1)), mean=(0.5,)
    )
    assert find_learnt(tmp_path / "checkpoints" / "a.safetensors") is not None
    assert find_learnt(tmp_path / "none") is None
    assert read_about(tmp_path)["data"]["scale"] is None


def test_one_column_is_an_index_for_an_embedding(tmp_path: Path) -> None:
    rows = "".join(f"u{n % 9},{n % 4},{n % 9 + 1}\n" for n in range(90))
    (tmp_path / "ratings.csv").write_text("user,item,rating\n" + rows)
    text = """embedding {}->4; flatten; linear 1
data csv "ratings.csv" target=rating ids=user
optimizer adam lr=0.1
train epochs=40
"""
    (tmp_path / "few.net").write_text(text.format(9))
    with pytest.raises(TrainingError, match="the data hold indices up to 9") as caught:
        netdsl.train(tmp_path / "few.net", out=tmp_path / "none", device="cpu", quiet=True)
    assert caught.value.help == "write `embedding 10->4`"
    assert not (tmp_path / "none").exists()
    (tmp_path / "users.net").write_text(text.format(10))
    netdsl.train(tmp_path / "users.net", out=tmp_path / "run", device="cpu", quiet=True)
    net = netdsl.load(tmp_path / "run", device="cpu")
    assert net.predict([{"user": "u3"}, {"user": "u7"}]) == pytest.approx([4, 8], abs=0.5)
    with pytest.warns(UserWarning, match="`u99`, which no training row has"):
        assert net.transform({"user": "u99"}).tolist() == [[0]]


def test_what_an_older_run_does_not_say_is_not_missed() -> None:
    column: dict[str, object] = {"name": "age", "categories": []}
    assert conforms({"columns": [column]}, KnownFacts)
    assert not conforms({"columns": [{"name": "age"}]}, KnownFacts)
    assert conforms({"layout": "contiguous", "test_batch": 256}, Speed)
