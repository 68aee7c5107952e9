"""What a lower precision is worth on this machine: some processors are slower in bf16, and far slower in fp16."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from torch.nn import functional

from netdsl.components import Trait
from netdsl.core.text import Text, text
from netdsl.program import Network
from netdsl.training.machine.device import HALF, autocast, measure

TURNS = 5
LOSS = 0.9
"""A gain below this is reported; one between it and 1 could be chance."""


def measure_gain(network: Network, precision: str, device: torch.device) -> float:
    """How many times as fast as in fp32 the device does the main work of such a net, forward and backward.

    The work is a convolution of 4×32×16×16 values with 32 kernels 3×3 where the net has convolutions, else a product of
    512×512 matrices. The result is the median of a few turns.
    """
    if precision not in HALF:
        return 1.0
    convolves = any(Trait.CONVOLUTION in node.traits for node, _ in network.count_nodes())
    work = _convolution(device) if convolves else _product(device)
    whole, half = (partial(_step, work, device, name) for name in ("fp32", precision))
    whole(), half()  # not measured: the first call of a kind chooses its kernel
    return median(measure(whole, device) / measure(half, device) for _ in range(TURNS))


def advise(network: Network, precision: str, device: torch.device) -> Text | None:
    """A note on a precision that makes a run slower instead of faster."""
    found = measure_gain(network, precision, device)
    if found >= LOSS:
        return None
    return text(
        "note: this processor takes {times:.1f} times as long in {precision} as in fp32: leave `precision` out",
        times=1 / found,
        precision=precision,
    )


def _step(work: Callable[[], torch.Tensor], device: torch.device, precision: str) -> None:
    with autocast(device, precision):
        output = work()
    output.float().sum().backward()  # type: ignore[no-untyped-call]  # torch's own


def _convolution(device: torch.device) -> Callable[[], torch.Tensor]:
    images = torch.ones(4, 32, 16, 16, device=device, requires_grad=True)
    kernels = torch.ones(32, 32, 3, 3, device=device, requires_grad=True)
    return partial(functional.conv2d, images, kernels)


def _product(device: torch.device) -> Callable[[], torch.Tensor]:
    rows, weights = (torch.ones(512, 512, device=device, requires_grad=True) for _ in range(2))
    return partial(functional.linear, rows, weights)
