"""How well and how fast a small U-Net learns to find shapes: `python -m tests.benchmarks.masks`.

Circles and squares of random colours on noise, 600 images of 32×32 to train on and 100 to test, read by `data masks`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import netdsl

NET = """
block double out { conv out k3 p1 bias=false; bn; relu; conv out k3 p1 bias=false; bn; relu }
data masks "shapes" classes=3 batch=16 { hflip; vflip; normalize }
double 12 as a; maxpool 2
double 24 as b; maxpool 2
double 48
convt 24 k2 s2; concat b; double 24
convt 12 k2 s2; concat a; double 12
conv 3 k1
optimizer adam lr=0.004
metrics mean_iou pixel_accuracy
train epochs=12 seed=0
"""
SIZE = 32


def draw(folder: Path, count: int, generator: np.random.Generator) -> None:
    """Writes images and their masks: 1 is a circle, 2 a square."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for inner in ("images", "masks"):
        (folder / inner).mkdir(parents=True)
    for number in range(count):
        image = generator.integers(0, 90, (SIZE, SIZE, 3))
        mask = np.zeros((SIZE, SIZE), np.uint8)
        for kind in generator.permutation([1, 2]):
            row, column = generator.integers(7, SIZE - 7, 2)
            radius = generator.integers(4, 8)
            away = rows - row, columns - column
            inside = np.hypot(*away) <= radius if kind == 1 else np.maximum(*np.abs(away)) <= radius * 0.8
            mask[inside] = kind
            image[inside] = generator.integers(110, 256, 3)
        Image.fromarray(image.astype(np.uint8)).save(folder / "images" / f"{number:04}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number:04}.png")


def main() -> None:
    """Trains it, and prints the time and what the test set says."""
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generator = np.random.default_rng(0)
        draw(folder / "shapes" / "train", 600, generator)
        draw(folder / "shapes" / "test", 100, generator)
        (folder / "shapes.net").write_text(NET, encoding="utf-8")
        start = time.perf_counter()
        run = netdsl.train(folder / "shapes.net", out=folder / "run", device="cpu")
        print(f"{time.perf_counter() - start:.0f} s")
        print(run)


if __name__ == "__main__":
    main()
