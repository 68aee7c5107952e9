"""The format of MNIST's files: a type, a number of axes, their lengths, and the values, all of it big-endian."""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from netdsl.core.errors import DataError
from netdsl.core.text import text

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: Path) -> Tensor:
    """The array in an idx file. Raises `DataError` for a file that is damaged."""
    raw = path.read_bytes()
    try:
        zero, kind, axes = struct.unpack_from(">HBB", raw)
        shape = struct.unpack_from(f">{axes}I", raw, 4)
        if zero or kind not in _TYPES:
            raise ValueError("it does not begin as an idx file does")
        dtype, start = np.dtype(_TYPES[kind]), 4 + 4 * axes
        if len(raw) != start + prod(shape) * dtype.itemsize:
            raise ValueError(
                text(
                    "it has {actual:,} bytes, not {expected:,}",
                    actual=len(raw),
                    expected=start + prod(shape) * dtype.itemsize,
                )
            )
    except (struct.error, ValueError) as error:
        raise DataError(
            text("`{path}` is damaged: {error}", path=path, error=error), "delete it and run again"
        ) from None
    values = np.frombuffer(raw, dtype, offset=start).reshape(shape)
    return torch.from_numpy(values.astype(dtype.newbyteorder("="), copy=True))
