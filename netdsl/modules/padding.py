"""Convolutions and pools with `padding="same"` where torch's own classes refuse it.

They pad by one less than the window spans, the odd element at the end, which for stride 1 is what torch does: whatever
the size, it becomes ⌈size/stride⌉.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # torch's own convention

Size = int | Sequence[int]


def same_padding(kernel_size: Size, dilation: Size, axes: int) -> list[int]:
    """What `padding="same"` adds at both ends of each axis, in the order of `F.pad`.

    Where it cannot be as much at both ends, the odd element stands at the end.
    """
    kernels = (kernel_size,) * axes if isinstance(kernel_size, int) else kernel_size
    dilations = (dilation,) * axes if isinstance(dilation, int) else dilation
    ends = []
    # `F.pad` lists the last axis first.
    for kernel, spread in reversed(list(zip(kernels, dilations, strict=True))):
        total = spread * (kernel - 1)
        ends += [total // 2, total - total // 2]
    return ends


class _SameConv(nn.modules.conv._ConvNd):
    """`padding="same"` for any stride; torch's own classes have it for stride 1."""

    def forward(self, x: Tensor) -> Tensor:
        """The convolution of the padded input: its size is ⌈size/stride⌉."""
        # `F.pad` has another name for zeros than the convolutions.
        mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
        # The convolution itself pads by nothing: its own `padding` stays 0.
        ends = same_padding(self.kernel_size, self.dilation, x.dim() - 2)
        padded: Tensor = super().forward(F.pad(x, ends, mode))
        return padded


class SameConv1d(_SameConv, nn.Conv1d):
    """`Conv1d` with `padding="same"` for any stride."""


class SameConv2d(_SameConv, nn.Conv2d):
    """`Conv2d` with `padding="same"` for any stride."""


class SameConv3d(_SameConv, nn.Conv3d):
    """`Conv3d` with `padding="same"` for any stride."""


class _SameMaxPool(nn.modules.pooling._MaxPoolNd):
    """`padding="same"`, where that is more at one end than at the other."""

    def forward(self, x: Tensor) -> Tensor:
        """The pool of the padded input: its size is ⌈size/stride⌉."""
        ends = same_padding(self.kernel_size, self.dilation, x.dim() - 2)
        # A zero would win over negative numbers.
        pooled: Tensor = super().forward(F.pad(x, ends, value=-inf))
        return pooled


class SameMaxPool1d(_SameMaxPool, nn.MaxPool1d):
    """`MaxPool1d` with `padding="same"`."""


class SameMaxPool2d(_SameMaxPool, nn.MaxPool2d):
    """`MaxPool2d` with `padding="same"`."""


class SameMaxPool3d(_SameMaxPool, nn.MaxPool3d):
    """`MaxPool3d` with `padding="same"`."""


class _SameAvgPool(nn.modules.pooling._AvgPoolNd):
    """`padding="same"`, where that is more at one end than at the other."""

    def forward(self, x: Tensor) -> Tensor:
        """The pool of the padded input: its size is ⌈size/stride⌉."""
        ends = same_padding(self.kernel_size, 1, x.dim() - 2)  # type: ignore[arg-type]  # the subclasses declare it
        pooled: Tensor = super().forward(F.pad(x, ends))
        # Both divide by a number that does not depend on the padding.
        if self.count_include_pad or getattr(self, "divisor_override", None):
            return pooled
        # The mean of ones is the share of each window that lies inside the image.
        # One sample and one channel stand for all.
        share: Tensor = super().forward(F.pad(torch.ones_like(x[:1, :1]), ends))
        return pooled / share


class SameAvgPool1d(_SameAvgPool, nn.AvgPool1d):
    """`AvgPool1d` with `padding="same"`."""


class SameAvgPool2d(_SameAvgPool, nn.AvgPool2d):
    """`AvgPool2d` with `padding="same"`."""


class SameAvgPool3d(_SameAvgPool, nn.AvgPool3d):
    """`AvgPool3d` with `padding="same"`."""
