"""Targets on a scale that makes learning easy, and the net's answers back in their own unit."""

from __future__ import annotations

import torch
from torch import Tensor

from netdsl.components.experiment import TargetScale


def fit_scale(y: Tensor, *, logarithm: bool) -> TargetScale:
    """The scale that gives training targets, N or N×k, mean 0 and deviation 1."""
    values = y.double().reshape(len(y), -1)
    values = values.log() if logarithm else values
    std = values.std(0, correction=0)
    # A target that does not vary is divided by 1.
    std = torch.where(std > 0, std, 1.0)
    return TargetScale(logarithm, tuple(values.mean(0).tolist()), tuple(std.tolist()))


def scale_targets(y: Tensor, scale: TargetScale) -> Tensor:
    """Targets in their own unit, N or N×k, on the scale."""
    values = y.double().log() if scale.logarithm else y.double()
    return ((values - _of(scale.mean, values)) / _of(scale.std, values)).float()


def unscale(y: Tensor, scale: TargetScale | None) -> Tensor:
    """Targets, or a net's answers, N or N×k, in their own unit."""
    if scale is None:
        return y
    values = y.float() * _of(scale.std, y) + _of(scale.mean, y)
    return values.exp() if scale.logarithm else values


def _of(values: tuple[float, ...], y: Tensor) -> Tensor | float:
    """The scale's values in the shape of the targets: one for each number of a target."""
    if len(values) == 1:
        return values[0]
    return torch.tensor(values, dtype=torch.float64 if y.dtype == torch.float64 else torch.float32, device=y.device)
