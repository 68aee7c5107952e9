"""Data of several inputs, from a text to what the net receives, and back from what a user gives."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from netdsl import api
from netdsl.checker import check
from netdsl.core.errors import DataError
from netdsl.core.source import Source
from netdsl.data import Data, open_data
from netdsl.data.datasets import table_inputs
from netdsl.data.inputs import InputTensors, join_batches, stack_samples, tensors_of
from netdsl.data.survey import survey, survey_sample
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment
from netdsl.training import Saving, train
from netdsl.training.follower import Unfollowed

RATINGS = """user,film,age,profile_job,profile_town,rating
u1,f1,20,a,x,1.5
u2,f1,30,b,x,2.25
u3,f2,40,a,y,3.0
u1,f2,20,a,x,0.75
u2,f3,30,b,x,2.5
"""
FACTORS = """
input user=1 film=1
embedding 4->3; flatten as u
from film; embedding 4->3; flatten; mul u; linear 1
data csv ratings.csv target=rating ids=user,film split=0 batch=2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    images = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4)
    np.savez(
        tmp_path / "pairs.npz",
        left=images,
        right=images[::-1],
        ids=np.arange(6).reshape(6, 1),
        scale=np.linspace(0, 1, 6).reshape(6, 1),
        y=np.arange(6) % 2,
    )
    return tmp_path


def checked(text: str, folder: Path) -> Experiment:
    experiment, found = check(Source("net", text), load_registry(installed=False), folder=folder)
    assert [one.message for one in found] == []
    assert experiment is not None
    return experiment


def opened(text: str, folder: Path) -> Data:
    use = checked(text, folder).data
    assert use is not None
    return open_data(use, "cpu", seed=0)


def test_each_input_takes_its_column(folder: Path) -> None:
    data = opened(FACTORS, folder)
    assert data.shapes == ((1,), (1,))
    (batch,) = data.test.epoch(0)
    assert isinstance(batch.x, InputTensors)
    assert batch.x.names == ("user", "film")
    assert [part.flatten().tolist() for part in batch.x.parts] == [[1, 2, 3, 1, 2], [1, 1, 2, 2, 3]]
    assert batch.y.tolist() == pytest.approx([1.5, 2.25, 3.0, 0.75, 2.5])


@pytest.mark.parametrize(
    ("inputs", "options", "widths"),
    [
        ("user=1 age=1", "ids=user", [1, 1]),
        ("user=1 profile=4", "ids=user", [1, 4]),  # two columns of words, each with two of them
        ("user=1 other=6", "ids=user rest=other drop=age,profile_job,film", [1, 2]),
        ("age=1 other=4", "rest=other drop=film,user", [1, 4]),
    ],
)
def test_columns_are_found_by_name_by_prefix_or_as_the_rest(
    inputs: str, options: str, widths: list[int], folder: Path
) -> None:
    first, second = (one.partition("=")[0] for one in inputs.split())
    sizes = dict(zip((first, second), widths, strict=True))
    lead = "embedding 4->2; flatten" if first == "user" else "linear 2"
    written = " ".join(f"{name}={size}" for name, size in sizes.items())
    text = f"input {written}; {lead} as a; from {second}; linear 2; add a; linear 1\n"
    data = opened(f"{text}data csv ratings.csv target=rating split=0 {options}", folder)
    assert [shape[0] for shape in data.shapes] == widths


def test_numbers_are_normalised_input_by_input(folder: Path) -> None:
    text = "input user=1 age=1; embedding 4->2; flatten as a; from age; linear 2; add a; linear 1\n"
    data = opened(f"{text}data csv ratings.csv target=rating ids=user split=0 {{ normalize }}", folder)
    (batch,) = data.test.epoch(0)
    users, ages = tensors_of(batch.x)
    assert users.dtype == torch.int64
    assert ages.mean().item() == pytest.approx(0, abs=1e-6)
    assert ages.std(correction=0).item() == pytest.approx(1)


def test_arrays_go_to_the_inputs_of_their_names(folder: Path) -> None:
    text = (
        "input right=1x4x4 ids=1 scale=1; flatten; linear 2 as a\n"
        "from ids; embedding 6->2; flatten as b; from scale; linear 2; add a b\n"
    )
    data = opened(f"{text}data npz pairs.npz split=0", folder)
    (batch,) = data.test.epoch(0)
    right, ids, scale = tensors_of(batch.x)
    assert right[0, 0, 0].tolist() == pytest.approx([value / 255 for value in range(80, 84)])
    assert ids.flatten().tolist() == list(range(6))
    assert scale.flatten().tolist() == pytest.approx(np.linspace(0, 1, 6).tolist())


PAIR = "input left=1x4x4 right=1x4x4; flatten as a; from right; flatten; concat a; linear 2\n"


def test_images_of_a_sample_are_moved_alike(folder: Path) -> None:
    np.savez(folder / "same.npz", left=(images := np.random.default_rng(0).integers(256, size=(32, 4, 4))).astype("u1"),
             right=images.astype("u1"), y=np.arange(32) % 2)  # fmt: skip
    data = opened(f"{PAIR}data npz same.npz split=0 batch=32 {{ hflip; normalize }}", folder)
    epochs = [tensors_of(next(iter(data.train.epoch(number))).x) for number in (0, 1)]
    assert all(torch.equal(left, right) for left, right in epochs)
    assert data.facts.inputs[0].mean == data.facts.inputs[1].mean


def test_each_digit_stands_beside_another_drawing_and_beside_another_digit(folder: Path) -> None:
    data = opened(
        "input left=1x8x8 right=1x8x8; flatten as a; from right; flatten; concat a; linear 2\ndata digit_pairs", folder
    )
    assert data.facts.sizes == (2 * 1437, 2 * 360)
    batches = list(data.test.epoch(0))
    left, right = (torch.cat([tensors_of(batch.x)[place] for batch in batches]) for place in (0, 1))
    assert torch.equal(left[:360], left[360:])
    assert torch.cat([batch.y for batch in batches]).tolist() == [1] * 360 + [0] * 360
    assert not (left == right).flatten(1).all(1)[:360].any()
    assert left.max() == 1


def draw_pairs(folder: Path, count: int = 12) -> None:
    """Pictures in two brightnesses, and whether the two of a row are as bright."""
    rows = ["left,right,weight,same"]
    for number in range(count):
        for side, bright in (("left", number % 2), ("right", number % 3 % 2)):
            picture = np.full((8 + number % 2, 8, 3), 40 + 150 * bright, dtype=np.uint8)
            Image.fromarray(picture).save(folder / f"{side}{number}.png")
        rows.append(
            f"left{number}.png,right{number}.png,{number / 2},{'yes' if number % 2 == number % 3 % 2 else 'no'}"
        )
    (folder / "pairs.csv").write_text("\n".join(rows), encoding="utf-8")


IMAGES = """
input left=3x6x6 right=1x6x6 weight=1
flatten; linear 4 as l
from right; flatten; linear 4 as r
from weight; linear 4; add l r; linear 2
data csv pairs.csv target=same images=left,right batch=4 cache=CACHE { resize 6x6; hflip; normalize }
train epochs=2
"""


@pytest.mark.parametrize("cache", ["ram", "none", "disk"])
def test_images_stand_in_a_table_by_their_paths(cache: str, tmp_path: Path) -> None:
    draw_pairs(tmp_path)
    (tmp_path / "net.net").write_text(IMAGES.replace("CACHE", cache), encoding="utf-8")
    saved = api.load(api.train(tmp_path / "net.net", out=tmp_path / "run", quiet=True).folder, device="cpu")
    (batch, *_) = opened(IMAGES.replace("CACHE", cache), tmp_path).train.epoch(0)
    assert [tuple(part.shape) for part in tensors_of(batch.x)] == [(4, 3, 6, 6), (4, 1, 6, 6), (4, 1)]
    found = saved.predict(tmp_path / "pairs.csv")
    assert len(found) == 12
    row = {"left": tmp_path / "left3.png", "right": tmp_path / "right3.png", "weight": 1.5}
    assert saved.predict(row).probabilities.tolist() == pytest.approx(found[3].probabilities.tolist(), abs=1e-5)
    assert saved.evaluate()["loss"] > 0


def test_inputs_are_decoded_once_for_all_runs_and_anew_where_a_row_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_pairs(tmp_path)
    expected = [batch.x for batch in opened(IMAGES.replace("CACHE", "ram"), tmp_path).train.epoch(0)]
    read, paths = table_inputs.read_image, list[str]()
    monkeypatch.setattr(table_inputs, "read_image", lambda path, mode: paths.append(path) or read(path, mode))

    def decoded() -> tuple[int, list[Any]]:
        paths.clear()
        batches = [batch.x for batch in opened(IMAGES.replace("CACHE", "disk"), tmp_path).train.epoch(0)]
        return len(paths), batches

    for least, most in ((24, 99), (0, 4)):  # a first sample of each part may be looked at
        count, found = decoded()
        assert least <= count <= most
        for one, other in zip(found, expected, strict=True):
            assert all(map(torch.equal, tensors_of(one), tensors_of(other)))
    table = tmp_path / "pairs.csv"
    header, row, *rest = table.read_text().splitlines()
    table.write_text("\n".join([header, *rest, row]))
    assert decoded()[0] >= 24


def make_pairs(kind: str = "tensors") -> Any:
    x = {"a": torch.arange(12.0).view(6, 2), "b": torch.arange(6).view(6, 1)}
    y = torch.arange(6) % 2
    if kind == "tensors":
        return x, y
    return [({name: part[row] for name, part in x.items()}, y[row]) for row in range(6)]


PLUGIN = """
from netdsl import hookimpl
from netdsl.components import Dataset

@hookimpl
def netdsl_datasets():
    yield Dataset.of("tests.data.test_inputs:make_pairs", name="made")
"""


@pytest.mark.parametrize("kind", ["tensors", "items"])
def test_a_function_may_return_tensors_by_name(kind: str, tmp_path: Path) -> None:
    plugin = tmp_path / "made.py"
    plugin.write_text(PLUGIN, encoding="utf-8")
    registry = load_registry(installed=False, files=[plugin])
    text = f"input b=1 a=2; embedding 6->2; flatten as e; from a; linear 2; add e\ndata made kind={kind} split=0"
    experiment, found = check(Source("net", text), registry)
    assert [one.message for one in found] == []
    assert experiment is not None
    assert experiment.data is not None
    (batch,) = open_data(experiment.data, "cpu", seed=0).test.epoch(0)
    assert isinstance(batch.x, InputTensors)
    assert batch.x.names == ("b", "a")
    assert batch.x.part("b").flatten().tolist() == list(range(6))
    _, found = check(Source("net", text.replace("input b=1", "input c=1")), registry)
    assert [(one.code, one.message) for one in found] == [("NET306", "`made` gives no input `c`")]
    _, found = check(Source("net", f"linear 2\ndata made kind={kind}"), registry)
    assert found[0].message == "`made` gives several inputs, `a` and `b`, but those of the net have no names"


class PowerLoss(Unfollowed):
    """Ends a run where no one expects it."""

    def __init__(self, step: int) -> None:
        self.left = step

    def step_ended(self) -> None:
        self.left -= 1
        if not self.left:
            raise KeyError("no power")


def test_a_run_is_resumed_to_the_same_bits(folder: Path) -> None:
    net = FACTORS.replace("split=0", "split=0.2 shuffle=true")
    experiment = checked(f"{net}train epochs=4\noptimizer adam lr=0.05", folder)
    whole = train(experiment, device="cpu", out=folder / "whole", quiet=True)
    with pytest.raises(KeyError):
        train(experiment, device="cpu", out=folder / "cut", quiet=True, saving=Saving(steps=1), follower=PowerLoss(5))
    resumed = train(experiment, device="cpu", resume=folder / "cut", quiet=True)
    expected, found = whole.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert [epoch.test for epoch in resumed.epochs] == [epoch.test for epoch in whole.epochs]


def test_a_run_is_asked_in_every_form(folder: Path) -> None:
    net = f"{FACTORS}train epochs=4\noptimizer adam lr=0.05"
    (folder / "net.net").write_text(net, encoding="utf-8")
    whole = api.train(folder / "net.net", out=folder / "whole", quiet=True)
    run = json.loads((folder / "whole" / "run.json").read_text("utf-8"))
    assert [one["name"] for one in run["data"]["inputs"]] == ["user", "film"]
    saved = api.load(whole.folder, device="cpu")
    tested = saved.evaluate()
    assert tested["loss"] == pytest.approx(whole.best.test["loss"] if whole.best else None)
    one = saved.predict({"user": "u1", "film": "f2"})
    (folder / "rows.csv").write_text("film,user\nf2,u1\nf1,u3\n", encoding="utf-8")
    assert saved.predict(folder / "rows.csv")[0] == one
    assert saved.predict([{"user": "u1", "film": "f2"}, {"film": "f1", "user": "u3"}]) == saved.predict(
        folder / "rows.csv"
    )
    assert saved.predict({"user": ["u1", "u3"], "film": ["f2", "f1"]}) == saved.predict(folder / "rows.csv")
    with pytest.raises(DataError, match="column `film` is missing"):
        saved.predict({"user": "u1"})
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        assert isinstance(saved.predict({"user": "nobody", "film": "f2"}), float)


def test_arrays_are_asked_by_the_names_of_the_inputs(folder: Path) -> None:
    (folder / "net.net").write_text(f"{PAIR}data npz pairs.npz\ntrain epochs=1", encoding="utf-8")
    saved = api.load(api.train(folder / "net.net", out=folder / "run", quiet=True).folder, device="cpu")
    with np.load(folder / "pairs.npz") as arrays:
        left, right = arrays["left"], arrays["right"]
    several = saved.predict({"left": left[:, None], "right": right[:, None]})
    single = saved.predict({"left": left[2], "right": right[2]})
    assert several[2].probabilities.tolist() == pytest.approx(single.probabilities.tolist())
    assert [one.index for one in saved.predict(folder / "pairs.npz")] == [one.index for one in several]
    with pytest.raises(DataError, match="`right` is missing"):
        saved.predict({"left": left[2]})
    with pytest.raises(DataError, match="different numbers of samples: `left` 6, `right` 1"):
        saved.predict({"left": left[:, None], "right": right[:1, None]})


def test_a_data_set_of_several_inputs_can_be_looked_at(folder: Path) -> None:
    use = checked(FACTORS, folder).data
    assert use is not None
    assert "          user  1, indices 0…3\n          film  1, indices 0…3\n" in str(survey(use))
    assert survey_sample(use, 2).cells == (("user", "u3"), ("film", "f2"))


def test_tensors_are_handled_side_by_side() -> None:
    named: Mapping[str, torch.Tensor] = MappingProxyType({"a": torch.arange(4), "b": torch.ones(4, 2)})
    x = InputTensors(named)
    picked = stack_samples([x[3], x[0]])
    assert isinstance(picked, InputTensors)
    assert picked.part("a").tolist() == [3, 0]
    joined = join_batches([x[:1], x[1:]])
    assert all(torch.equal(one, other) for one, other in zip(tensors_of(joined), x.parts, strict=True))
    only = x.select(("b",))
    assert only is x.parts[1]
    with pytest.raises(DataError, match="gives no `c`; it gives `a` and `b`"):
        x.select(("c",))
