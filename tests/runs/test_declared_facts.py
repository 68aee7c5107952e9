"""A run, or any of its files of weights, is used where its data are not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import netdsl
from netdsl.cli import netdsl as door
from netdsl.components import Facts
from netdsl.components.experiment import InputFacts
from netdsl.core.errors import DataError, TrainingError
from netdsl.core.sizes import symbol
from netdsl.runs.declared_facts import describe_declared, read_declared

needs_tokenizers = pytest.mark.skipif(find_spec("tokenizers") is None, reason="tokenizers is not installed")
TRAIN = "train epochs=1 speed=contiguous report=false test_train=0"


def write_table(folder: Path) -> None:
    rows = [f"{n},{n % 7 or 'NA'},{('old', 'new')[n % 2]},{1000 + n}" for n in range(30)]
    (folder / "table.csv").write_text("\n".join(["id,面积,state,price", *rows]), "utf-8")


def write_ratings(folder: Path) -> None:
    (folder / "ratings.csv").write_text("user,rating\n" + "".join(f"u{n % 5},{n % 3}.5\n" for n in range(30)))


def write_reviews(folder: Path) -> None:
    rows = [f"{'a very ' * (n % 4)}{('bad', 'good')[n % 2]} film,{n % 2}" for n in range(30)]
    (folder / "reviews.csv").write_text("\n".join(["review,label", *rows]))


def write_text(folder: Path) -> None:
    (folder / "text.txt").write_text("the cat sat on the mat. " * 20)


def write_photographs(folder: Path) -> None:
    for label, colour in (("cat", "red"), ("dog", "blue")):
        (folder / "photos" / label).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (9, 8), colour).save(folder / "photos" / label / f"{number}.png")


def write_masks(folder: Path) -> None:
    for name, mode in (("images", "RGB"), ("masks", "L")):
        (folder / "pets" / name).mkdir(parents=True)
        for number in range(4):
            Image.new(mode, (8, 8), 1 if mode == "L" else "red").save(folder / "pets" / name / f"{number}.png")


def write_pairs(folder: Path) -> None:
    rows = [f"u{n % 5},{n % 3},{'a very ' * (n % 4)}good film,{n % 2}" for n in range(30)]
    (folder / "pairs.csv").write_text("\n".join(["user,size,said,label", *rows]))


def write_dates(folder: Path) -> None:
    (folder / "dates.csv").write_text("said,iso\n" + "".join(f"{n} may,05-{n}\n" for n in range(1, 30)))


def write_two_arrays(folder: Path) -> None:
    left, right = np.random.rand(20, 3).astype(np.float32), np.random.rand(20, 2).astype(np.float32)
    np.savez(folder / "arrays.npz", left=left, right=right, y=np.arange(20) % 2)


def write_arrays(folder: Path) -> None:
    np.savez(folder / "arrays.npz", x=np.random.rand(20, 3).astype(np.float32), y=np.arange(20) % 2)


class Kind(NamedTuple):
    write: Callable[[Path], None]
    net: str
    sample: Any


KINDS = {
    "table": Kind(
        write_table,
        'data csv "table.csv" target=price drop=id scale=log missing=median flag { normalize }\nlinear 1',
        {"面积": 3, "state": "old"},
    ),
    "ids": Kind(write_ratings, 'data csv "ratings.csv" ids=user\nembedding 6->2; flatten; linear 1', {"user": "u3"}),
    "reviews": Kind(
        write_reviews,
        'data csv "reviews.csv" text=review length=6\nembedding 8->4; mean; linear 2',
        "a good film",
    ),
    "photographs": Kind(
        write_photographs,
        'data folder "photos" split=0.5 { resize 8x8 }\nflatten; linear 2',
        np.zeros((3, 8, 8), np.uint8),
    ),
    "masks": Kind(
        write_masks,
        'data masks "pets" names=sky,cat split=0.5 { resize 8x8 }\nconv 2 k1',
        np.zeros((3, 8, 8), np.uint8),
    ),
    "several inputs": Kind(
        write_pairs,
        "input user=1 size=1 said=6\nembedding 6->2; flatten as who\nfrom said; embedding 8->2; mean as heard\n"
        "from size; linear 2; mul who heard; linear 2\ndata csv pairs.csv text=said ids=user { normalize }",
        {"user": "u3", "size": 2, "said": "a good film"},
    ),
    "several arrays": Kind(
        write_two_arrays,
        "input left=3 right=2\nlinear 2 as seen\nfrom right; linear 2; mul seen\ndata npz arrays.npz { normalize }",
        {"left": [0.1, 0.2, 0.3], "right": [0.4, 0.5]},
    ),
    "arrays": Kind(write_arrays, 'data npz "arrays.npz" { normalize }\nlinear 2', [0.1, 0.2, 0.3]),
}


def answer(run: Path, sample: Any) -> torch.Tensor:
    found = netdsl.load(run, weights="last").predict(sample)
    return torch.as_tensor(getattr(found, "mask", getattr(found, "probabilities", found)))


@pytest.mark.parametrize("kind", KINDS)
def test_folder_and_weights_are_enough(tmp_path: Path, kind: str) -> None:
    """Moved, with the data deleted; and so are a checkpoint, the last weights and exported ones on their own."""
    data, write, net, sample = tmp_path / "data", *KINDS[kind]
    data.mkdir()
    write(data)
    (data / "net.net").write_text(f"{net}\n{TRAIN}")
    netdsl.train(data / "net.net", out=data / "run", device="cpu", quiet=True)
    expected = answer(data / "run", sample)
    exported = tmp_path / "exported.safetensors"
    shown = CliRunner().invoke(
        door, ["export", "--to", "safetensors", str(data / "run"), "--epoch", "1", "-o", str(exported)]
    )
    assert shown.exit_code == 0, shown.output
    shutil.move(data / "run", tmp_path / "moved")
    shutil.rmtree(data)
    (checkpoint,) = (tmp_path / "moved" / "checkpoints").glob("step-*.safetensors")
    alone = shutil.copy(checkpoint, tmp_path / "alone.safetensors")
    for place in (tmp_path / "moved", tmp_path / "moved" / "model.safetensors", alone, exported):
        assert answer(place, sample).equal(expected)
    with pytest.raises(DataError, match=r"no such file|is not a folder|no folder"):
        netdsl.load(tmp_path / "moved").evaluate()


@pytest.mark.parametrize("level", ["char", "word", pytest.param("bpe", marks=needs_tokenizers)])
def test_language_model_writes_without_its_text(tmp_path: Path, level: str) -> None:
    write_text(tmp_path)
    net = f'data text "text.txt" level={level} vocab=270 length=8\nembedding 270->4; gru 8; linear TOKENS\n{TRAIN}'
    tokens = {"char": 11, "word": 6, "bpe": 270}[level]
    (tmp_path / "net.net").write_text(net.replace("TOKENS", str(tokens)))
    netdsl.train(tmp_path / "net.net", out=tmp_path / "run", device="cpu", quiet=True)
    expected = netdsl.load(tmp_path / "run").generate("the", 12, seed=1)
    (tmp_path / "text.txt").unlink()
    alone = shutil.copy(tmp_path / "run" / "model.safetensors", tmp_path / "alone.safetensors")
    for place in (tmp_path / "run", alone):
        shown = CliRunner().invoke(door, ["generate", str(place), "--prompt", "the", "--length", "12", "--seed", "1"])
        assert (shown.exit_code, shown.stdout) == (0, f"{expected}\n")


FACTS = Facts(
    (3, symbol("H"), symbol("W")),
    4,
    target=(symbol("H"), symbol("W")),
    names=("a", "b", "c", "d"),
    mean=(0.5,),
    std=(0.25,),
    sizes=(10, 2),
    indices=9,
    dtype="index",
    padded=True,
)


SEVERAL = Facts(None, 3, target=(5,), writes="said", predicts_next=True).with_inputs(
    [
        InputFacts("said", (5,), "index", 12, padded=True),
        InputFacts("seen", (3, symbol("H"), 8), mean=(0.5,), std=(0.1,)),
    ]
)


@pytest.mark.parametrize("facts", [FACTS, Facts(None, None), Facts((7,), None, target=(2,)), SEVERAL])
def test_facts_go_through_json(facts: Facts) -> None:
    told = json.loads(json.dumps(describe_declared(facts)))
    assert read_declared({"declared": told}) == facts


@pytest.mark.parametrize("shape", [(symbol("H") * 2,), (3, symbol("H") + 1)])
def test_formulas_are_not_kept(shape: Any) -> None:
    assert describe_declared(Facts(shape, 2)) is None


@pytest.mark.parametrize("change", [{"input": [0]}, {"input": ["a b"]}, {"target": [-1]}, {"dtype": "any thing"}])
def test_wrong_facts_are_looked_up_again(change: dict[str, Any]) -> None:
    told = describe_declared(FACTS)
    assert told is not None
    assert read_declared({"declared": told | change}) is None  # type: ignore[typeddict-item]


@pytest.mark.parametrize("change", [{"shape": [0]}, {"dtype": "any thing"}])
def test_wrong_facts_of_an_input_are_looked_up_again(change: dict[str, Any]) -> None:
    told = describe_declared(SEVERAL)
    assert told is not None
    told["inputs"][1] |= change  # type: ignore[typeddict-item]
    assert read_declared({"declared": told}) is None


def test_file_of_other_weights_is_no_run(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(2, np.float32)}, tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").write_bytes(b"\xff" * 20)
    for name in ("a", "b", "c"):
        with pytest.raises(TrainingError, match="is no run"):
            netdsl.load(tmp_path / f"{name}.safetensors")
