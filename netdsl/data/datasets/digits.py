"""The handwritten digits that ship with netdsl."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import torch

from netdsl.data.samples import Splits, Tensors

UNIT = 16
TEST = 360


def load(root: Path) -> Splits:
    """1,437 digits to train on, and the last 360 to test on; bytes from 0 to 16."""
    with as_file(files("netdsl.data.datasets") / "digits.npz") as path, np.load(path, allow_pickle=False) as arrays:
        x, y = torch.from_numpy(arrays["x"]).unsqueeze(1), torch.from_numpy(arrays["y"]).long()
    return Splits(Tensors(x[:-TEST], y[:-TEST]), Tensors(x[-TEST:], y[-TEST:]), unit=UNIT)
