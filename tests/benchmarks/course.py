"""Nets of Dive into Deep Learning, and their lines beside the book's: `python -m tests.benchmarks.course`.

Each row is checked, and trained for two steps on a few samples of data that are always there. The book's lines are
those of the classes and functions that a row names, in the code for PyTorch of https://github.com/d2l-ai/d2l-en at
commit 23d7a5a, without blank lines, comments and docstrings. Ours are those of `net`; the `data`, `metrics` and `train`
lines stand for what the book has in its trainer, which is not counted either.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

import netdsl
from netdsl.core.errors import NetdslError

DIGITS = "data digits batch=8 limit=16 { resize SIZE }\nmetrics accuracy"
SHAPES = "data shapes 3x64x64 size=16 batch=8\nmetrics mean_iou"


class Row(NamedTuple):
    """A net of the book: its names and lines there, and what we write; "" for nothing yet."""

    title: str
    names: str
    theirs: int
    net: str = ""
    data: str = ""


def digits(size: int) -> str:
    """Handwritten digits, as large as the book's nets want images."""
    return DIGITS.replace("SIZE", str(size))


ROWS = (
    Row(
        "linear regression",
        "LinearRegression",
        20,
        "linear 1\nloss mse\noptimizer sgd lr=0.03",
        'data csv "TABLES/iris.csv" target=petal_width drop=species',
    ),
    Row("softmax regression", "SoftmaxRegression", 8, "flatten; linear 10", digits(28)),
    Row("MLP", "MLP", 6, "flatten; linear 256; relu; linear 10", digits(28)),
    Row("dropout", "DropoutMLP", 8, "flatten; repeat 2 { linear 256; relu; dropout }; linear 10", digits(28)),
    Row(
        "LeNet",
        "init_cnn, LeNet",
        16,
        "conv 6 k5 p2; sigmoid; avgpool 2\nconv 16 k5; sigmoid; avgpool 2\nflatten; linear 120; sigmoid\n"
        "linear 84; sigmoid; linear 10\ninit xavier_uniform",
        digits(28),
    ),
    Row(
        "AlexNet",
        "AlexNet",
        17,
        "conv 96 k11 s4 p1; relu; maxpool 3 s2\nconv 256 k5 p2; relu; maxpool 3 s2\nconv 384 k3 p1; relu\n"
        "conv 384 k3 p1; relu\nconv 256 k3 p1; relu; maxpool 3 s2\nflatten; linear 4096; relu; dropout\n"
        "linear 4096; relu; dropout; linear 10\ninit xavier_uniform",
        digits(224),
    ),
    Row(
        "VGG-11",
        "vgg_block, VGG",
        20,
        "block vgg n out { repeat n { conv out k3 p1; relu }; maxpool 2 }\nvgg 1 16; vgg 1 32; vgg 2 64; vgg 2 128\n"
        "vgg 2 128\nflatten; linear 4096; relu; dropout\nlinear 4096; relu; dropout; linear 10\ninit xavier_uniform",
        digits(224),
    ),
    Row(
        "NiN",
        "nin_block, NiN",
        21,
        "block nin out k s p { conv out k=k s=s p=p; relu; conv out k1; relu; conv out k1; relu }\n"
        "nin 96 k=11 s=4 p=0; maxpool 3 s2\nnin 256 k=5 s=1 p=2; maxpool 3 s2\nnin 384 k=3 s=1 p=1; maxpool 3 s2\n"
        "dropout; nin 10 k=3 s=1 p=1; gap; flatten\ninit xavier_uniform",
        digits(224),
    ),
    Row(
        "batch normalization",
        "BNLeNet",
        12,
        "conv 6 k5; bn; sigmoid; avgpool 2\nconv 16 k5; bn; sigmoid; avgpool 2\nflatten; linear 120; bn; sigmoid\n"
        "linear 84; bn; sigmoid; linear 10",
        digits(28),
    ),
    Row(
        "ResNet-18",
        "Residual, ResNet, ResNet18",
        48,
        "use resnet\nconv 64 k7 s2 p3; bn; relu; maxpool 3 s2 p1\nstage basic 64 2; stage basic 128 2 stride=2\n"
        "stage basic 256 2 stride=2; stage basic 512 2 stride=2\ngap; flatten; linear 10",
        digits(96),
    ),
    Row(
        "DenseNet",
        "conv_block, DenseBlock, transition_block, DenseNet",
        45,
        "block dense n { repeat n { concat { } { bn; relu; conv 32 k3 p1 } } }\n"
        "block transition { bn; relu; conv (in//2) k1; avgpool 2 }\nconv 64 k7 s2 p3; bn; relu; maxpool 3 s2 p1\n"
        "dense 4; transition; dense 4; transition; dense 4; transition; dense 4\nbn; relu; gap; flatten; linear 10",
        digits(96),
    ),
    Row(
        "FCN",
        "net, bilinear_kernel, W, loss",
        36,
        "use resnet\nconv 64 k7 s2 p3; bn; relu; maxpool 3 s2 p1\nstage basic 64 2; stage basic 128 2 stride=2\n"
        "stage basic 256 2 stride=2; stage basic 512 2 stride=2\nconv 4 k1; convt 4 k64 s32 p16\n"
        "init bilinear on=convt",
        SHAPES,
    ),
    Row("object detection (SSD)", "TinySSD", 43),
)
"""In the order of the book."""


def count_lines(net: str) -> int:
    """The lines that are written, without blank ones and comments."""
    return sum(bool(line.partition("#")[0].strip()) for line in net.splitlines())


def try_row(row: Row, folder: Path) -> tuple[bool, bool]:
    """Whether the row checks, and whether it trains."""
    tables = Path(__file__).parents[2] / "examples"
    (folder / "tables").symlink_to(tables)
    file = folder / "net.net"
    file.write_text(f"{row.net}\n{row.data}\ntrain steps=2 test_train=0 report=false\n".replace("TABLES", "tables"))
    if any(one.severity == "error" for one in netdsl.check(file)):
        return False, False
    try:
        netdsl.train(file, out=folder / "run", device="cpu", quiet=True)
    except NetdslError as error:
        print(error)
        return True, False
    return True, True


def main() -> None:
    """Prints the table."""
    print("| net | theirs | ours | checked | trained |\n|---|---:|---:|---|---|")
    for row in ROWS:
        with tempfile.TemporaryDirectory() as name:
            checked, trained = try_row(row, Path(name)) if row.net else (False, False)
        ours = str(count_lines(row.net)) if row.net else "not yet"
        marks = " | ".join("yes" if one else "no" for one in (checked, trained))
        print(f"| {row.title} | {row.theirs} | {ours} | {marks} |", flush=True)


if __name__ == "__main__":
    main()
