"""First weights of a transposed convolution that enlarges images as bilinear interpolation does."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def bilinear_(tensor: Tensor) -> Tensor:
    """Fills weights in×out×kernel of a transposed convolution; channel i of the input goes to channel i of the output.

    With a stride of s, a kernel of 2·s (less 1 where s is odd) and a padding of s/2, it then enlarges s times (Long,
    Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation", 2015).
    """
    outputs = tensor.shape[1]
    filled = torch.ones((), dtype=tensor.dtype)
    for length in tensor.shape[2:]:
        factor = math.ceil(length / 2)
        center = (length - 1) / 2
        weights = 1 - (torch.arange(length, dtype=tensor.dtype) - center).abs() / factor
        filled = filled.unsqueeze(-1) * weights
    channels = torch.arange(len(tensor))
    with torch.no_grad():
        tensor.zero_()
        # Of a convolution in groups, the outputs are counted within each.
        tensor[channels, channels % outputs] = filled.to(tensor.device)
    return tensor
