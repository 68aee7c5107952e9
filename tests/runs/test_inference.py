"""`netdsl.load`: a trained net that is given samples as people have them."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import netdsl
from netdsl.components import Facts, dataset
from netdsl.components.settings import DataSettings
from netdsl.core.errors import DataError, TrainingError
from netdsl.data.datasets.digits import UNIT, load
from netdsl.data.given import Given, Stored, read_given
from netdsl.program import DataUse
from netdsl.runs.prediction import Prediction, Segmentation
from netdsl.training import Saved

IMAGES = """conv 1->8 k3; relu; flatten; linear 10
data digits { normalize }
optimizer adam
train epochs=2 speed=contiguous keep=2
"""
TABLE = """linear 4->8; relu; linear 2
data csv "table.csv" target=kind
train epochs=1 speed=contiguous
"""
NUMBERS = """linear 2->1
data csv "numbers.csv" target=y
optimizer sgd lr=0.01
train epochs=1 speed=contiguous
"""

MASKS = """conv 8 k3 p1; bn; relu; conv 4 k3 p1
data shapes size=64 batch=16 { resize 24x24; normalize }
optimizer adam lr=0.02
train epochs=2 speed=contiguous
"""
STEPS = """linear 8; relu; linear 3
data fake 6x5 classes=3 size=20 per=position
train epochs=1 speed=contiguous
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    colours = ("red", "green", "blue")
    rows = [f"{n % 7},{colours[n % 3]},{'ab'[n % 2]}" for n in range(40)]
    (folder / "table.csv").write_text("\n".join(["size,colour,kind", *rows]) + "\n")
    rows = [f"{n % 7},{n % 5},{1000 + 3 * (n % 7)}" for n in range(40)]
    (folder / "numbers.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    for name, text in (("images", IMAGES), ("table", TABLE), ("numbers", NUMBERS), ("masks", MASKS), ("steps", STEPS)):
        (folder / f"{name}.net").write_text(text)
        netdsl.train(folder / f"{name}.net", device="cpu", out=folder / name, quiet=True)
    return folder


def open_net(home: Path, name: str, **options: Any) -> Saved:
    return netdsl.load(home / name, device="cpu", **options)


def test_a_net_has_its_module_and_its_classes(home: Path) -> None:
    net = open_net(home, "images")
    assert net.classes == tuple("0123456789")
    assert not net.model.training
    assert open_net(home, "table").classes == ("a", "b")
    assert open_net(home, "numbers").classes == ()


def test_every_way_of_giving_an_image_comes_to_the_same(home: Path, tmp_path: Path) -> None:
    net = open_net(home, "images")
    stored = load(tmp_path).test.x[:3]  # type: ignore[union-attr]
    real = stored.float() / UNIT
    pictures = [Image.fromarray((one[0] * 255).round().byte().numpy()) for one in real]
    for number, picture in enumerate(pictures):
        picture.save(tmp_path / f"{number}.png")
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    expected = torch.stack([one.probabilities for one in net.predict(stored)])
    for given in (real, real.numpy(), real[:, 0], stored.numpy(), list(real), pictures, paths, list(map(str, paths))):
        found = torch.stack([one.probabilities for one in net.predict(given)])
        # A picture has 255 steps to 1, a digit 16.
        torch.testing.assert_close(found, expected, atol=0.02, rtol=0.02)
    for given in (real[0], real[0, 0], real[0, 0].numpy(), stored[0], pictures[0], paths[0], str(paths[0])):
        one = net.predict(given)
        assert isinstance(one, Prediction)
        torch.testing.assert_close(one.probabilities, expected[0], atol=0.02, rtol=0.02)


def test_the_test_set_is_predicted_as_it_is_measured(home: Path, tmp_path: Path) -> None:
    net = open_net(home, "images")
    test = load(tmp_path).test
    right = [one.index == label for one, label in zip(net.predict(test.x), test.y.tolist(), strict=True)]  # type: ignore[union-attr]
    assert sum(right) / len(right) == pytest.approx(net.evaluate()["accuracy"])


def test_transform_gives_what_the_net_receives(home: Path, tmp_path: Path) -> None:
    net = open_net(home, "images")
    x = load(tmp_path).test.x[:100]  # type: ignore[union-attr]
    with torch.inference_mode():
        shares = net.model(net.transform(x)).softmax(1)
    torch.testing.assert_close(shares, torch.stack([one.probabilities for one in net.predict(x)]))


def test_a_prediction_says_its_class(home: Path) -> None:
    one = open_net(home, "images").predict(torch.zeros(8, 8))
    assert one.label == "0123456789"[one.index]
    assert one.top(10)[0] == (one.index, one.probability)
    assert sum(share for _, share in one.top(10)) == pytest.approx(1)
    assert repr(one) == f"<{one.label}: {100 * one.probability:.1f} %>"
    assert str(one).count("%") == 3


def test_pictures_of_any_size_are_made_to_fit(home: Path) -> None:
    found = open_net(home, "images").predict([Image.new("RGB", (40, 30)), Image.new("L", (3, 5))])
    assert len(found) == 2


class Frame:
    """As much of a data frame as is needed."""

    def __init__(self, columns: dict[str, list[object]]) -> None:
        self.values = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> Any:
        return type("Series", (), {"to_list": lambda _: self.values[name]})()

    def to_dict(self) -> dict[str, list[object]]:
        return self.values


def test_every_way_of_giving_rows_comes_to_the_same(home: Path, tmp_path: Path) -> None:
    net = open_net(home, "table")
    rows = [{"size": 3, "colour": "red"}, {"size": 5.0, "colour": "blue", "kind": "b", "other": None}]
    (tmp_path / "rows.csv").write_text("colour;size\nred;3\nblue;5\n")
    expected = [one.probabilities for one in net.predict(rows)]
    frame = Frame({"size": [3, 5], "colour": ["red", "blue"]})
    for given in ([[3, "red"], (5, "blue")], tmp_path / "rows.csv", str(tmp_path / "rows.csv"), frame, frame.to_dict()):
        torch.testing.assert_close([one.probabilities for one in net.predict(given)], expected)
    for given in (rows[0], [3, "red"], ("3", "red")):
        torch.testing.assert_close(net.predict(given).probabilities, expected[0])
    # The columns as they are fed: blue, green and red.
    assert net.transform(rows).tolist() == [[3, 0, 0, 1], [5, 1, 0, 0]]


def test_the_columns_are_those_of_the_training(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "home")
    about = json.loads((tmp_path / "home" / "table" / "run.json").read_text())
    about["source"]["path"] = str(tmp_path / "home" / "table.net")
    (tmp_path / "home" / "table" / "run.json").write_text(json.dumps(about))
    table = tmp_path / "home" / "table.csv"
    table.write_text(table.read_text().replace("green", "yellow"))
    net = netdsl.load(tmp_path / "home" / "table", device="cpu")
    assert net.transform({"size": 1, "colour": "green"}).tolist() == [[1, 0, 1, 0]]
    with pytest.warns(UserWarning, match="column `colour` holds `yellow`, which no training row has"):
        assert net.transform([{"size": 1, "colour": "yellow"}] * 2).tolist() == [[1, 0, 0, 0]] * 2


def test_numbers_are_in_the_unit_of_the_target(home: Path) -> None:
    net = open_net(home, "numbers")
    with torch.no_grad():
        net.model[0].weight.copy_(torch.tensor([[3.0, 0.0]]))  # type: ignore[union-attr,operator]
        net.model[0].bias.fill_(1000.0)  # type: ignore[union-attr,operator]
    assert net.predict([2, 7]) == pytest.approx(1006)
    assert net.predict(np.array([[0.0, 1.0], [1.0, 1.0]])) == pytest.approx([1000, 1003])


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("images", torch.zeros(3, 8, 9, 2), "the net takes images 1x8x8, but 3x8x9x2 is given"),
        ("images", torch.full((8, 8), 16.0), "the real numbers of an image are 0…1, but these are 16…16"),
        ("images", torch.tensor([float("nan")]).expand(8, 8), "64 of 64 values are not finite numbers"),
        ("images", torch.full((8, 8), 17), "are 0…16, but these are 17…17"),
        ("images", "no/such.png", "cannot read `no/such.png`: no such file or directory"),
        ("images", {"a": 1}, "a value of type dict, which is not a sample of `data digits`"),
        ("images", None, "a value of type NoneType"),
        ("table", {"size": 1}, "column `colour` is missing"),
        ("table", [{"size": 1, "colour": "red"}, {"colour": "red"}], "row 2: column `size` is missing"),
        ("table", [1, 2, 3], "3 values are given for 2 columns: size, colour"),
        ("table", {"size": "big", "colour": "red"}, "column `size` holds numbers, but `big` is given"),
        ("table", {"size": float("nan"), "colour": "red"}, "column `size` has no value"),
        ("table", [{"size": 1, "colour": "red"}, {"size": 1, "colour": None}], "row 2: column `colour` has no value"),
        ("table", {"size": float("inf"), "colour": "red"}, "column `size` holds numbers, but `inf` is given"),
        ("table", "no/such.csv", "cannot read `no/such.csv`: no such file or directory"),
        ("table", 7, "a value of type int, which is not a row of a table"),
    ],
)
def test_what_is_no_sample_is_told(home: Path, name: str, given: object, message: str) -> None:
    with pytest.raises(DataError) as caught:
        open_net(home, name).predict(given)
    assert message in caught.value.message


def test_weights_are_chosen(home: Path) -> None:
    def weights(**options: Any) -> torch.Tensor:
        return open_net(home, "images", **options).model.state_dict()["0.weight"]

    assert not torch.equal(weights(weights=1), weights(weights=2))
    assert torch.equal(weights(weights="last"), weights(weights=2))
    with pytest.raises(TrainingError, match="the weights of epoch 9 are not kept"):
        weights(weights=9)


def test_the_last_weights_of_a_run_that_goes_on_are_those_of_its_last_checkpoint(home: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(home / "images", run)
    about = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**about, "status": "stopped"}))
    assert netdsl.load(run, weights="last").weights.path.name.startswith("step-")


@pytest.mark.parametrize("place", [".", "no/such"])
def test_what_is_no_run_is_told(home: Path, place: str) -> None:
    with pytest.raises(TrainingError, match="is no run"):
        netdsl.load(home / place)


def test_indices_beyond_the_embedding_are_told(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    np.savez(tmp_path / "words.npz", x=generator.integers(0, 9, (40, 5)), y=generator.integers(0, 3, 40))
    (tmp_path / "words.net").write_text(
        'embedding 9->4; flatten; linear 3\ndata npz "words.npz"\ntrain epochs=1 speed=contiguous\n'
    )
    netdsl.train(tmp_path / "words.net", device="cpu", out=tmp_path / "run", quiet=True)
    net = netdsl.load(tmp_path / "run", device="cpu")
    assert net.predict([0, 1, 2, 3, 8]).label in net.classes
    assert len(net.predict(np.zeros((3, 5), int))) == 3
    with pytest.raises(DataError, match="the whole numbers 0…9 are given"):
        net.predict([0, 1, 2, 3, 9])
    with pytest.raises(DataError, match="whole numbers are expected"):
        net.predict([0.5] * 5)


def read_words(x: object, stored: Stored) -> Given:
    """Words, as numbers of their letters."""
    return Given([torch.tensor([float(len(str(x)))])], stored.unit, single=True)


@dataset(f"{__name__}:load_words", reader=f"{__name__}:read_words")
def words() -> Facts:
    """Words."""
    return Facts((1,), 2)


def test_a_data_set_may_read_samples_of_its_own_kind() -> None:
    use = DataUse(words, {}, facts=Facts((1,), 2), shape=(1,), settings=DataSettings())
    given = read_given("seven", Stored(use, use.facts, (1,), 2.0))
    assert (given.samples[0].tolist(), given.unit, given.single) == ([5.0], 2.0, True)


def test_each_pixel_of_an_image_has_a_class(home: Path, tmp_path: Path) -> None:
    net = open_net(home, "masks")
    pixels = np.random.default_rng(0).integers(0, 256, (50, 80, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "照片.png")
    found = net.predict(tmp_path / "照片.png")
    assert isinstance(found, Segmentation)
    assert (found.mask.shape, found.probabilities.shape) == ((50, 80), (4, 24, 24))
    scores = net.model(net.transform(pixels))[0].softmax(0)
    torch.testing.assert_close(found.probabilities, scores.detach())
    assert sum(found.shares.values()) == pytest.approx(1)
    assert list(found.shares) == ["background", "circle", "square", "triangle"]
    assert [name for name, _ in found.top(2)] == sorted(found.shares, key=lambda name: -found.shares[name])[:2]
    assert str(found).startswith(f"{found.top(1)[0][0]} ")
    with Image.open(io.BytesIO(found.mask_png())) as mask:
        assert (mask.mode, np.array(mask).tolist()) == ("P", found.mask.tolist())
    with Image.open(io.BytesIO(found.overlay_png())) as overlay:
        assert overlay.width == 80 * (256 // 80)


def test_masks_of_several_images_are_of_their_sizes(home: Path) -> None:
    net = open_net(home, "masks")
    images = [torch.rand(3, 20, 30), torch.rand(3, 24, 24)]
    assert [tuple(one.mask.shape) for one in net.predict(images)] == [(20, 30), (24, 24)]
    alone = net.predict(images[1])
    # Where the net has seen every pixel as it is, the mask is what it says of each.
    assert torch.equal(alone.mask, alone.probabilities.argmax(0))


def test_each_step_of_a_sequence_has_a_class(home: Path) -> None:
    net = open_net(home, "steps")
    x = torch.rand(2, 6, 5)
    scores = net.model(x).softmax(2)
    for found, expected in zip(net.predict(x), scores, strict=True):
        torch.testing.assert_close(torch.stack([step.probabilities for step in found]), expected.detach())
    assert [step.label for step in net.predict(x[0])] == [str(int(best)) for best in scores[0].argmax(1)]


def test_an_archive_of_several_arrays_gives_the_one_that_is_named(home: Path, tmp_path: Path) -> None:
    net = open_net(home, "masks")
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 24, 24), dtype=np.uint8)
    np.savez(tmp_path / "all.npz", x=images, y=images[:, 0])
    np.savez(tmp_path / "one.npz", images=images)
    np.save(tmp_path / "one.npy", images[0])
    expected = [one.mask.tolist() for one in net.predict(images)]
    for name in ("all.npz", "one.npz"):
        assert [one.mask.tolist() for one in net.predict(tmp_path / name)] == expected
    assert net.predict(tmp_path / "one.npy").mask.tolist() == expected[0]
    np.savez(tmp_path / "other.npz", a=images, b=images)
    with pytest.raises(DataError, match="has no array `x`; it holds `a`, `b`"):
        net.predict(tmp_path / "other.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "all.npz").read_bytes()[:200])
    with pytest.raises(DataError, match="is not a numpy file that can be read safely"):
        net.predict(tmp_path / "cut.npz")
