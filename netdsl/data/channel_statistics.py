"""The mean and the deviation of each channel, over samples scaled to 0…1."""

from __future__ import annotations

import torch
from torch import Tensor

CHUNK = 4096


def channel_statistics(x: Tensor, unit: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and (population) standard deviation of each channel of N×C×…, in double precision."""
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for chunk in torch.split(x, CHUNK):
        values = chunk.transpose(0, 1).flatten(1).double() / unit
        count += values.shape[1]
        total, squares = total + values.sum(1).cpu(), squares + values.square().sum(1).cpu()
    mean = total / count
    deviation = (squares / count - mean.square()).clamp(min=0).sqrt()
    # a channel that never changes carries nothing: dividing by 1 keeps it at 0
    deviation = torch.where(deviation > 1e-8, deviation, 1.0)
    return tuple(mean.tolist()), tuple(deviation.tolist())
