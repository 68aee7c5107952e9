"""Batch normalisation over the whole global batch, of which each process has a share."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def synchronize_batchnorm(module: nn.Sequential, device: torch.device) -> nn.Sequential:
    """The same net, weights and names, whose batch normalisations look at the batches of all processes.

    torch's own `SyncBatchNorm` is for GPUs only.
    """
    if device.type == "cuda":
        converted: nn.Sequential = nn.SyncBatchNorm.convert_sync_batchnorm(module)  # type: ignore[no-untyped-call]
        return converted
    for inner in module.modules():
        if isinstance(inner, _BatchNorm):
            inner.__class__ = GlobalBatchNorm
    return module


class GlobalBatchNorm(_BatchNorm):
    """`BatchNorm1d`, `2d` and `3d` with the mean and the variance of the global batch."""

    def _check_input_dim(self, input: Tensor) -> None:
        """The net is checked already."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalises a share of the global batch, N×C×…; the share may be empty."""
        if not self.training and self.running_mean is not None:
            return super().forward(input)
        axes = [axis for axis in range(input.dim()) if axis != 1]
        column = [1, -1] + [1] * (input.dim() - 2)
        x = input.float()
        count = _total(x.new_tensor(x.numel() / x.shape[1]))
        mean = _total(x.sum(axes)) / count
        centred = x - mean.view(column)
        variance = _total(centred.square().sum(axes)) / count
        self._track(mean.detach(), variance.detach() * count / (count - 1).clamp(min=1))
        scale = (variance + self.eps).rsqrt() * (1 if self.weight is None else self.weight)
        result = centred * scale.view(column)
        return (result if self.bias is None else result + self.bias.view(column)).to(input.dtype)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _Total(torch.autograd.Function):
    """The sum of a tensor over all processes; what each does with it counts in every gradient."""

    @staticmethod
    def forward(_: Any, value: Tensor) -> Tensor:
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


def _total(value: Tensor) -> Tensor:
    total: Tensor = _Total.apply(value)
    return total
