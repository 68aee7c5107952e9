"""What a lower precision is worth on this machine: a processor may multiply bf16 more slowly than fp32."""

from __future__ import annotations

from functools import partial
from statistics import median

import torch

from netdsl.training.devices import HALF, timed

SIDE = 512
TURNS = 5
LOSS = 0.9
"""A gain below this is told; what lies between it and 1 could be chance."""


def gain(precision: str, device: torch.device) -> float:
    """How many times as fast as in fp32 the device multiplies two matrices of 512×512: the median of a few turns."""
    if precision not in HALF:
        return 1.0
    matrices = [torch.ones(SIDE, SIDE, dtype=dtype, device=device) for dtype in (torch.float32, HALF[precision])]
    whole, half = (partial(torch.mm, matrix, matrix) for matrix in matrices)
    whole(), half()  # the first call of a kind chooses how it is done
    return median(timed(whole, device) / timed(half, device) for _ in range(TURNS))


def advice(precision: str, device: torch.device) -> str | None:
    """What to say of a precision that makes a run slower instead of faster."""
    found = gain(precision, device)
    if found >= LOSS:
        return None
    return (
        f"note: this processor multiplies {precision} at {found:.1f} times the rate of fp32; "
        f"without `precision={precision}` a run is likely to be faster"
    )
