"""Batch normalisation over the whole global batch, of which each process has a share."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def synchronize_batchnorm(module: nn.Sequential, device: torch.device) -> nn.Sequential:
    """The same net, weights and names; its batch normalisations take mean and variance over all processes."""
    if device.type == "cuda":
        converted: nn.Sequential = nn.SyncBatchNorm.convert_sync_batchnorm(module)  # type: ignore[no-untyped-call]
        return converted
    for inner in module.modules():  # torch's own `SyncBatchNorm` is for GPUs only
        if isinstance(inner, _BatchNorm):
            inner.__class__ = GlobalBatchNorm
    return module


class GlobalBatchNorm(_BatchNorm):
    """`BatchNorm1d`, `2d` and `3d` with the mean and the variance of the global batch."""

    def _check_input_dim(self, input: Tensor) -> None:
        """Nothing: the shapes of the net are checked already."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalises a share of the global batch, N×C×…; the share may be empty."""
        if not self.training and self.running_mean is not None:
            return super().forward(input)
        axes = [axis for axis in range(input.dim()) if axis != 1]
        column = [1, -1] + [1] * (input.dim() - 2)
        x = input.float()
        # The mean first and the variance around it: a sum of squares alone would lose digits to cancellation.
        count = _sum_over_processes(x.new_tensor(x.numel() / x.shape[1]))
        mean = _sum_over_processes(x.sum(axes)) / count
        centred = x - mean.view(column)
        variance = _sum_over_processes(centred.square().sum(axes)) / count
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


class _SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes. Each of them uses it, so its gradient is a sum over them as well."""

    @staticmethod
    def forward(_: Any, value: Tensor) -> Tensor:
        total = value.clone()  # `all_reduce` works in place
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()  # `all_reduce` takes contiguous tensors only
        dist.all_reduce(total)
        return total


def _sum_over_processes(value: Tensor) -> Tensor:
    total: Tensor = _SumOverProcesses.apply(value)
    return total
