"""The handwritten digits that ship with netdsl."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import torch

from netdsl.data.inputs import InputTensors
from netdsl.data.random_stream import PAIRS, generator
from netdsl.data.samples import Part, Splits, Tensors

UNIT = 16
TEST = 360


def load(root: Path) -> Splits:
    """1,437 digits to train on, and the last 360 to test on; bytes from 0 to 16."""
    with as_file(files("netdsl.data.datasets") / "digits.npz") as path, np.load(path, allow_pickle=False) as arrays:
        x, y = torch.from_numpy(arrays["x"]).unsqueeze(1), torch.from_numpy(arrays["y"]).long()
    return Splits(Tensors(x[:-TEST], y[:-TEST]), Tensors(x[-TEST:], y[-TEST:]), unit=UNIT)


def load_pairs(root: Path) -> Splits:
    """Each digit twice: beside another drawing of the same digit, and beside another digit."""
    digits = load(root)
    assert digits.test is not None
    train, test = (_pairs(part, number) for number, part in enumerate((digits.train, digits.test)))
    return Splits(train, test, unit=UNIT)


def _pairs(digits: Part, number: int) -> Tensors:
    assert isinstance(digits, Tensors)
    stream = generator(PAIRS, number)
    count = len(digits)
    # The largest of random numbers among those that may stand beside a digit.
    chances = torch.rand(count, count, generator=stream)
    alike = digits.y[:, None] == digits.y
    same = chances.masked_fill(~alike | torch.eye(count, dtype=torch.bool), -1).argmax(1)
    other = chances.masked_fill(alike, -1).argmax(1)
    left, right = digits.only.repeat(2, 1, 1, 1), digits.only[torch.cat((same, other))]
    return Tensors(InputTensors({"left": left, "right": right}), torch.arange(2).flip(0).repeat_interleave(count))
