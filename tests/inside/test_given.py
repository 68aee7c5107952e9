from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import netdsl
from netdsl.core.errors import DataError
from netdsl.inside.given import give_weights, read_input, read_numbers

from ..machine_failures import POSIX


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("1 2 3\n", [1.0, 2.0, 3.0]),
        ("1, 2\n3,4 # the last\n", [[1.0, 2.0], [3.0, 4.0]]),
        ("\n# two channels\n1 2\n3 4\n\n5 6\n7 8\n\n", [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]),
        ("1\n2\n", [[1.0], [2.0]]),
    ],
)
def test_numbers_of_a_text(tmp_path: Path, written: str, values: list[object]) -> None:
    (tmp_path / "x.txt").write_text(written)
    assert read_numbers(tmp_path / "x.txt").tolist() == values


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "holds no numbers"),
        ("1 2\n3\n", "line 2 has 1 numbers, the first one 2"),
        ("1 two\n", "`two` in line 1 is no number"),
        ("1 2\n3 4\n\n5 6\n", "have 2, 1 rows"),
    ],
)
def test_texts_that_are_no_numbers(tmp_path: Path, written: str, message: str) -> None:
    (tmp_path / "x.csv").write_text(written)
    with pytest.raises(DataError, match=message):
        read_numbers(tmp_path / "x.csv")


@POSIX
def test_a_text_without_an_end_is_not_read_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.inside.given.LARGEST", 1000)
    (tmp_path / "x.txt").symlink_to("/dev/zero")
    with pytest.raises(DataError, match="too large for a text of numbers"):
        read_numbers(tmp_path / "x.txt")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(b"no array")
    (tmp_path / "x.txt").write_bytes(b"\xff\xfe1")
    np.save(tmp_path / "words.npy", np.array(["a"]))
    for name in ("x.npy", "x.txt", "words.npy", "missing.txt"):
        with pytest.raises(DataError):
            read_numbers(tmp_path / name)


def test_an_image_gets_the_channels_and_the_size_of_the_net(tmp_path: Path) -> None:
    Image.new("RGB", (7, 5), (255, 0, 0)).save(tmp_path / "图.png")
    assert read_input(tmp_path / "图.png", netdsl.shapes("conv 3->1 k3").all_inputs[0]).shape == (1, 3, 5, 7)
    assert read_input(tmp_path / "图.png", netdsl.shapes("input 1x8x8; conv 1 k3").all_inputs[0]).shape == (1, 1, 8, 8)
    with pytest.raises(DataError, match="the net takes 8, which is no image"):
        read_input(tmp_path / "图.png", netdsl.shapes("input 8; linear 2").all_inputs[0])


def test_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("1 2\n3 4\n")
    with pytest.raises(DataError, match=r"the net takes 3x2x2, but `.*` holds 1x2x2"):
        read_input(tmp_path / "x.txt", netdsl.shapes("input 3x2x2; conv 1 k1").all_inputs[0])


def test_a_kernel_makes_the_bias_0(tmp_path: Path) -> None:
    (tmp_path / "k.txt").write_text("1 2\n3 4\n")
    module = netdsl.build("conv 1->1 k2")
    give_weights(module, [str(tmp_path / "k.txt")])
    assert module[0].weight.tolist() == [[[[1.0, 2.0], [3.0, 4.0]]]]
    assert module[0].bias.tolist() == [0.0]


def test_weights_by_name_and_of_a_file_of_weights(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("5\n")
    module = netdsl.build("input 2; linear 2; linear 1")
    torch.save({"0.bias": torch.tensor([1.0, 2.0])}, tmp_path / "w.pt")
    give_weights(module, [str(tmp_path / "w.pt"), f"1.bias={tmp_path / 'b.txt'}"])
    assert module[0].bias.tolist() == [1.0, 2.0]
    assert module[1].bias.tolist() == [5.0]
    with pytest.raises(DataError, match="does not say which weights"):
        give_weights(module, [str(tmp_path / "b.txt")])
    with pytest.raises(DataError, match="no weights called `7`"):
        give_weights(module, [f"7={tmp_path / 'b.txt'}"])
    with pytest.raises(DataError, match=r"`0\.weight` is 2x2, but"):
        give_weights(module, [f"0={tmp_path / 'b.txt'}"])
