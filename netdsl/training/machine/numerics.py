"""How a CUDA device computes: fast, with TF32, and with the same results each time, which a CPU has by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from netdsl.components.settings import TrainSettings

WORKSPACE = ":4096:8"
"""The workspace with which cuBLAS repeats its results, from NVIDIA's notes on their reproducibility."""

MEMORY: Any = torch.utils.deterministic  # a module whose one switch is a property, which mypy does not see


@contextmanager
def numerics(device: torch.device, settings: TrainSettings) -> Iterator[None]:
    """Sets torch's switches as a file asks for, and restores them afterwards.

    - `tf32` rounds the operands of products and convolutions of fp32 to 10 bits of mantissa, which is several times as
      fast. torch's own default does so for convolutions alone.
    - `deterministic` leaves out algorithms whose sums depend on the order in which threads finish; where torch has no
      other, it warns. Without it, cuDNN measures which of its algorithms are the fastest.
    """
    if device.type != "cuda":
        yield
        return
    # Before the first product: cuBLAS reads it when it starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", WORKSPACE)
    before = _switches()
    try:
        torch.set_float32_matmul_precision("high" if settings.tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = settings.tf32
        torch.use_deterministic_algorithms(settings.deterministic, warn_only=True)
        MEMORY.fill_uninitialized_memory = False  # it costs time, and no memory here is read before it is written
        torch.backends.cudnn.benchmark = not settings.deterministic
        yield
    finally:
        _restore(before)


def _switches() -> tuple[str, bool, int, bool, bool]:
    return (
        torch.get_float32_matmul_precision(),
        torch.backends.cudnn.allow_tf32,
        torch.get_deterministic_debug_mode(),
        MEMORY.fill_uninitialized_memory,
        torch.backends.cudnn.benchmark,
    )


def _restore(switches: tuple[str, bool, int, bool, bool]) -> None:
    precision, tf32, mode, fill, benchmark = switches
    torch.set_float32_matmul_precision(precision)
    torch.backends.cudnn.allow_tf32 = tf32
    torch.set_deterministic_debug_mode(mode)
    MEMORY.fill_uninitialized_memory = fill
    torch.backends.cudnn.benchmark = benchmark
