"""Damaged files of each kind of data: one message each, that says which file, where and what."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from netdsl.cli import netdsl
from tests.data.kinds import NETS, write_kinds

MASK, IMAGE = Path("pets/masks/7.png"), Path("pets/images/7.png")
TEXT, TABLE, TEXTS, ARRAYS = map(Path, ("text.txt", "houses.csv", "texts.csv", "arrays.npz"))


def cut(path: Path, length: int) -> Callable[[], object]:
    return lambda: path.write_bytes(path.read_bytes()[:length])


def put(path: Path, old: bytes, new: bytes) -> Callable[[], object]:
    def replace() -> None:
        before = path.read_bytes()
        assert old in before
        path.write_bytes(before.replace(old, new, 1))

    return replace


def mask(mode: str, size: tuple[int, int], color: int = 0) -> Callable[[], object]:
    return lambda: Image.new(mode, size, color).save(MASK)


def arrays(**others: object) -> Callable[[], object]:
    whole = {"left": np.ones((9, 3)), "right": np.ones((9, 2)), "y": np.arange(9) % 2} | others
    return lambda: np.savez(ARRAYS, **{name: np.asarray(one) for name, one in whole.items() if one is not None})


class Damage(NamedTuple):
    """What is done to which kind of data, the message about it, and that of `predict`, "" where it does not matter."""

    kind: str
    do: Callable[[], object]
    message: str
    asked: str = ""


MASKS, SEVERAL = "masks in files", "several inputs"
UNTEXT = "is not text in UTF-8"
NUL = "holds the character NUL"
DAMAGES = {
    "mask cut short": Damage(MASKS, cut(MASK, 60), "masks/7.png` cannot be read: image file is truncated"),
    "mask empty": Damage(MASKS, cut(MASK, 0), "masks/7.png` cannot be read: its format is not known"),
    "mask of another size": Damage(MASKS, mask("L", (9, 9)), "masks/7.png` has 9x9 pixels, but the image 14x16"),
    "class outside": Damage(MASKS, mask("L", (16, 14), 7), "masks/7.png` has the class 7, but there are 3"),
    "mask in colour": Damage(MASKS, mask("RGB", (16, 14)), "the mask `7.png` is in colour"),
    "mask missing": Damage(MASKS, MASK.unlink, "images/7.png` has no mask: `pets/masks/7.png` is missing"),
    "image cut short": Damage(MASKS, cut(IMAGE, 60), "7.png` cannot be read: image file is", "cannot read `.*7.png`"),
    "text in no encoding": Damage("text", put(TEXT, b"a", b"\xff\xfe\xfa"), f"text.txt`, line 1, {UNTEXT}"),
    "text with NULs": Damage("text", put(TEXT, b"a", b"\na\0c"), f"text.txt`, line 2, {NUL}"),
    "text empty": Damage("text", cut(TEXT, 0), "`text.txt` is empty"),
    "row too long": Damage(
        "table", put(TABLE, b",1090", b",1090,9"), "`houses.csv`, line 5: 4 cells", "line 5: 4 cells"
    ),
    "row too short": Damage("table", put(TABLE, b",1090", b""), "`houses.csv`, line 5: 2 cells", "line 5: 2 cells"),
    "table empty": Damage("table", cut(TABLE, 0), "`houses.csv` is empty", "`houses.csv` is empty"),
    "header alone": Damage("table", cut(TABLE, 18), "`houses.csv` has a header but no rows", "a header but no rows"),
    "table in no encoding": Damage("table", put(TABLE, b"blue", b"\xff"), f"`houses.csv`, line 2, {UNTEXT}", UNTEXT),
    "table with NULs": Damage("table", put(TABLE, b"blue", b"b\0"), f"`houses.csv`, line 2, {NUL}", NUL),
    "word among prices": Damage("table", put(TABLE, b"1090", b"dear"), r"1 cell is `dear` \(line 5\)"),
    "no target": Damage("table", put(TABLE, b"price", b"prize"), "has no column `price`; its columns are size"),
    "column of texts missing": Damage(
        "texts with classes", put(TEXTS, b"line", b"lime"), "`texts.csv` has no column `line`", "no column `line`"
    ),
    "column of an input missing": Damage(
        SEVERAL, put(TEXTS, b"word", b"ward"), "`texts.csv` has no column `word`", "column `word` is missing"
    ),
    "row of inputs too long": Damage(
        SEVERAL, put(TEXTS, b",three", b",,three"), "`texts.csv`, line 4: 5 cells", "5 cells"
    ),
    "inputs in no encoding": Damage(SEVERAL, put(TEXTS, b"w1", b"\xff"), f"`texts.csv`, line 3, {UNTEXT}", UNTEXT),
    "inputs with NULs": Damage(SEVERAL, put(TEXTS, b"w1", b"\0"), f"`texts.csv`, line 3, {NUL}", NUL),
    "archive cut short": Damage(
        "arrays", cut(ARRAYS, 300), "`arrays.npz` is damaged", "`arrays.npz` is not a numpy file"
    ),
    "archive empty": Damage("arrays", cut(ARRAYS, 0), "`arrays.npz` is damaged", "`arrays.npz` is not a numpy file"),
    "array missing": Damage("arrays", arrays(right=None), "`arrays.npz` has no array `right`", "`right` is missing"),
    "targets missing": Damage(
        "arrays", arrays(y=None), "has no array `y`; it holds `left`, `right`(.|\n)*write `y=NAME`"
    ),
    "rows missing": Damage(
        "arrays", arrays(right=np.ones((8, 2))), "`right` has the shape 8x2 and `y` 9", "`left` 9, `right` 8"
    ),
    "objects": Damage("arrays", arrays(left=np.array([{}] * 9)), "left.npy` is damaged", "`arrays.npz` is not a numpy"),
    "not finite": Damage("arrays", arrays(left=np.full((9, 3), np.nan)), "holds values that are not finite"),
}
LATE = {"mask cut short", "mask empty", "mask of another size", "class outside", "mask in colour", "image cut short"}
"""What no check finds, since it reads no pixels; `not finite` is found when the loss is computed."""


def netdsl_says(*arguments: str) -> Result:
    result = CliRunner().invoke(netdsl, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def write_net(kind: str) -> None:
    net = NETS[kind].replace("conv 4 k3 p1; bn", "conv 4 k3 p1 bias=false; bn")
    Path("a.net").write_text(f"{net}\noptimizer adam\ntrain epochs=1 report=false test_train=0\n")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives a run on whole files of a kind."""
    runs: dict[str, Path] = {}
    home = tmp_path_factory.mktemp("whole")
    write_kinds(home)

    def train(kind: str) -> Path:
        if kind not in runs:
            before = Path.cwd()
            os.chdir(home)
            write_net(kind)
            run = home / kind.replace(" ", "-")
            assert netdsl_says("run", "a.net", "--out", str(run), "--device", "cpu", "--quiet").exit_code == 0
            os.chdir(before)
            runs[kind] = run
        return runs[kind]

    return train


@pytest.mark.parametrize("name", DAMAGES)
def test_one_message(
    name: str, trained: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, do, message, asked = DAMAGES[name]
    monkeypatch.chdir(tmp_path)
    write_kinds(tmp_path)
    write_net(kind)
    do()
    files = {MASKS: IMAGE, "table": TABLE, "arrays": ARRAYS, "text": None}
    file = files.get(kind, TEXTS)
    predict = [["predict", str(trained(kind)), str(file), "--device", "cpu"]] if asked else []
    for command in (
        ["check", "a.net"],
        ["data", "a.net"],
        ["run", "a.net", "--out", "run", "--device", "cpu"],
        *predict,
    ):
        result = netdsl_says(*command)
        if (command[0] == "check" and name in LATE) or (command[0] != "run" and name == "not finite"):
            assert result.exit_code == 0, result.output
            continue
        assert result.exit_code == 1, result.output
        assert len(re.findall(r"^error", result.output, re.M)) == 1, result.output
        assert re.search(asked if command[0] == "predict" else message, result.output), result.output
    about = Path("run", "run.json")
    assert not about.exists() or json.loads(about.read_text())["status"] != "running"
