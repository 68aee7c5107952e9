"""`netdsl predict` of nets with several outputs: classes, numbers, masks, and outputs that nothing compares."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

import netdsl
from netdsl.cli import netdsl as door
from netdsl.runs.prediction import Prediction, Segmentation

TRAINED = "train epochs=1 speed=contiguous report=false\n"
CLASSES = f"""input 1x8x8
conv 4 k3 p1; relu as low
from low; gap; flatten; linear 10 as aux
from low; flatten; linear 3 as code
linear 10 as score
output aux code score
data digits
loss aux cross_entropy weight=0.3
{TRAINED}"""
NUMBERS = f"""input 2
linear 4; relu as low
linear 2 as first
from low; linear 2 as second
output first second
data csv numbers.csv target=y,z scale=standard
loss first mse
{TRAINED}"""
MASKS = f"""input 3x32x32
conv 8 k3 p1; relu as low
gap; flatten; linear 2 as size
from low; conv 4 k3 p1 as mask
output size mask
data shapes size=24 batch=8
{TRAINED}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    rows = [f"{n % 7},{n % 5},{1000 + n % 7},{n % 3}" for n in range(40)]
    (folder / "numbers.csv").write_text("\n".join(["a,b,y,z", *rows]) + "\n")
    np.save(folder / "digits.npy", np.arange(128, dtype=np.uint8).reshape(2, 1, 8, 8) % 17)
    Image.new("RGB", (32, 32), "red").save(folder / "red.png")
    for name, net in (("classes", CLASSES), ("numbers", NUMBERS), ("masks", MASKS)):
        (folder / f"{name}.net").write_text(net)
        netdsl.train(folder / f"{name}.net", device="cpu", out=folder / name, quiet=True)
    return folder


def predict(home: Path, name: str, *arguments: str) -> Result:
    found = CliRunner().invoke(door, ["predict", str(home / name), *arguments, "--device", "cpu"])
    assert found.exit_code == 0, found.output
    return found


def outputs_of(home: Path, name: str, given: torch.Tensor) -> list[torch.Tensor]:
    """What the module itself gives, which is all of its outputs in training."""
    module = netdsl.load(home / name, device="cpu").model.train()
    with torch.inference_mode():
        return list(module(given))


def test_each_output_is_predicted_by_its_name(home: Path) -> None:
    saved = netdsl.load(home / "classes", device="cpu")
    found = saved.predict(home / "digits.npy")
    given = saved.transform(home / "digits.npy")
    assert isinstance(given, torch.Tensor)
    aux, code, score = outputs_of(home, "classes", given)
    assert [list(one) for one in found] == [["aux", "code", "score"]] * 2
    for place, one in enumerate(found):
        assert isinstance(one["aux"], Prediction)
        torch.testing.assert_close(one["aux"].probabilities, aux[place].softmax(0))
        torch.testing.assert_close(one["score"].probabilities, score[place].softmax(0))
        assert one["code"] == pytest.approx(code[place].tolist())
    # The module gives the main output alone, as tests and metrics look at it.
    with torch.inference_mode():
        torch.testing.assert_close(netdsl.load(home / "classes", device="cpu").model(given), score)


def test_a_line_says_which_output_it_is_of(home: Path) -> None:
    place = str(home / "digits.npy")
    lines = predict(home, "classes", place, "--top", "1").stdout.splitlines()
    wanted = [f"{place}:{row}  {name}:  " for row in (1, 2) for name in ("aux", "code", "score")]
    assert [line[: len(start)] for line, start in zip(lines, wanted, strict=True)] == wanted
    found = netdsl.load(home / "classes", device="cpu").predict(place)[0]
    assert lines[0] == f"{wanted[0]}{found['aux'].label} {100 * found['aux'].probability:.1f} %"
    assert lines[1] == wanted[1] + "  ".join(f"{value:.6g}" for value in found["code"])


def test_json_has_a_record_of_each_output(home: Path) -> None:
    first, _ = json.loads(predict(home, "classes", str(home / "digits.npy"), "--json", "--top", "2").stdout)
    assert (first["row"], list(first["outputs"])) == (1, ["aux", "code", "score"])
    assert len(first["outputs"]["aux"]["classes"]) == 2
    assert len(first["outputs"]["code"]["value"]) == 3
    assert first["outputs"]["score"]["classes"][0].keys() == {"name", "class", "probability"}


def test_a_table_has_columns_of_each_output(home: Path, tmp_path: Path) -> None:
    predict(home, "classes", str(home / "digits.npy"), "-o", str(tmp_path / "out.csv"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert list(rows[0]) == ["row", "aux", "code_1", "code_2", "code_3", "score"]
    found = netdsl.load(home / "classes", device="cpu").predict(home / "digits.npy")
    assert [row["score"] for row in rows] == [one["score"].label for one in found]
    assert [float(row["code_3"]) for row in rows] == pytest.approx([one["code"][2] for one in found])


def test_numbers_are_in_the_unit_of_the_target_where_a_loss_compares_them(home: Path, tmp_path: Path) -> None:
    saved = netdsl.load(home / "numbers", device="cpu")
    found = saved.predict([1, 2])
    given = saved.transform([1, 2])
    assert isinstance(given, torch.Tensor)
    first, second = outputs_of(home, "numbers", given)
    scale = saved.facts.scale
    assert scale is not None
    for name, output in (("first", first), ("second", second)):
        assert found[name] == pytest.approx((output[0] * torch.tensor(scale.std) + torch.tensor(scale.mean)).tolist())
    predict(home, "numbers", str(home / "numbers.csv"), "-o", str(tmp_path / "out.csv"))
    heads = (tmp_path / "out.csv").read_text().splitlines()[0]
    assert heads == "row,first_y,first_z,second_y,second_z"
    assert [line[:7] for line in predict(home, "numbers", "1", "2").stdout.splitlines()] == ["1 2  fi", "1 2  se"]


def test_the_mask_of_the_last_output_is_drawn(home: Path, tmp_path: Path) -> None:
    place, mask = str(home / "red.png"), tmp_path / "mask.png"
    found = netdsl.load(home / "masks", device="cpu").predict(place)
    assert isinstance(found["mask"], Segmentation)
    assert len(found["size"]) == 2
    record = json.loads(predict(home, "masks", place, "--json", "-o", str(mask)).stdout)[0]
    assert record["outputs"]["mask"]["mask"] == str(mask)
    assert "mask" not in record["outputs"]["size"]
    assert np.array_equal(np.asarray(Image.open(mask)), found["mask"].mask.numpy())
    shares = predict(home, "masks", place, "-o", str(tmp_path / "shares.csv"))
    assert shares.exit_code == 0
    names = found["mask"].names
    heads = (tmp_path / "shares.csv").read_text().splitlines()[0]
    assert heads == ",".join(["file", "size_1", "size_2", *(f"mask_{name}" for name in names)])
