from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from netdsl.cli import netdsl as door

KERNEL = "1 2 1\n0 1 0\n2 1 0\n"
NUMBERS = "1 2 0 3 1\n0 1 2 3 1\n1 2 1 0 0\n5 2 3 1 1\n2 1 0 1 1\n"
NET = "conv 1->8 k3; relu; flatten; linear 10\ndata digits\ntrain epochs=1 speed=contiguous\n"


def look(*arguments: object) -> Result:
    return CliRunner().invoke(door, ["look", *map(str, arguments)], prog_name="netdsl")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.txt").write_text(NUMBERS)
    (tmp_path / "k.txt").write_text(KERNEL)
    return tmp_path


def test_a_convolution_by_hand(folder: Path) -> None:
    """The 5×5 and the 3×3 with which courses show `F.conv2d`."""
    result = look("-e", "conv 1->1 k3 bias=false", "--input", "x.txt", "--weights", "k.txt")
    assert result.exit_code == 0, result.output
    assert "  10 12 12\n  18 16 16\n  13  9  3\n" in result.output
    assert sorted(path.name for path in folder.iterdir()) == ["k.txt", "x.txt"]


def test_a_run_is_looked_at(folder: Path) -> None:
    (folder / "digits.net").write_text(NET)
    made = CliRunner().invoke(door, ["run", "digits.net", "--out", "one", "--quiet"], prog_name="netdsl")
    assert made.exit_code == 0, made.output
    result = look("one", "--sample", "3")
    assert result.exit_code == 0, result.output
    assert "one-look.html shows it" in result.output
    page = (folder / "one-look.html").read_text()
    # the sample, its saliency, the kernels and the maps of the convolution
    assert page.count("data:image/png;base64,") == 4
    assert "http" not in page.partition("<body>")[2]
    again = look("one", "--layer", "relu", "-o", "look.png")
    assert again.exit_code == 0, again.output
    assert Image.open(io.BytesIO((folder / "look.png").read_bytes())).width >= 640
    assert "conv" not in again.output
    Image.new("L", (20, 20)).save(folder / "图.png")
    assert "图.png" in look("one", "图.png", "-o", "look.html").output
    assert "samples are 0…359" in look("one", "--sample", "360").stderr


TWO = "input left=1x5x5 right=1x5x5; conv 1 k1 as l; from right; conv 1 k1; add l"


def test_each_input_of_a_net_gets_its_own(folder: Path) -> None:
    np.save(folder / "y.npy", np.ones((5, 5)))
    result = look("-e", TWO, "--input", "left=x.txt", "--input", "right=y.npy", "-o", "look.html")
    assert result.exit_code == 0, result.output
    rows = [line.split()[:2] for line in result.output.splitlines() if line.startswith("   ")]
    assert rows[:2] == [["left", "1x5x5"], ["right", "1x5x5"]]
    page = (folder / "look.html").read_text(encoding="utf-8")
    # left and right, the saliency of each, the kernels, and the maps of both convolutions
    assert page.count("data:image/png;base64,") == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-e", "conv 1->1 k3"], "give the net's input"),
        (["-e", TWO], "give the net's input: `--input left=FILE --input right=FILE`"),
        (["-e", TWO, "--input", "x.txt"], "say which input receives `x.txt`"),
        (["-e", TWO, "--input", "left=x.txt"], "nothing is given for `right`"),
        (["-e", TWO, "--input", "left=x.txt", "--input", "top=x.txt"], "no input called `top`"),
        (
            ["-e", TWO, "--input", "left=x.txt", "--input", "right=k.txt"],
            "the net takes right 1x5x5, but `k.txt` holds",
        ),
        (["-e", "conv 1->1 k3", "--input", "x.txt", "--input", "x.txt"], "the net has one input"),
        (["-e", "conv 1->1 k3", "--input", "x.txt", "--sample", "1"], "give one sample"),
        (["-e", "conv 1->1 k3", "--input", "x.txt", "-o", "x.svg"], "neither `.html` nor `.png`"),
        (["-e", "conv 1->1 k3", "--input", "x.txt", "--epoch", "1"], "an untrained net has no epochs"),
        (["-e", "conv 1->1 k3", "--input", "missing.txt"], "cannot read `missing.txt`: no such file"),
        (["-e", "conv 1->1 k9", "--input", "x.txt"], "the net cannot take 1x5x5"),
        (["nothing", "--sample", "1"], "nothing"),
        ([".", "--weights", "k.txt"], "a run has its own weights"),
        ([], "give one FILE"),
    ],
)
def test_mistakes_get_a_message(folder: Path, arguments: list[str], message: str) -> None:
    result = look(*arguments)
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.output
