"""Numbers that are multiplied by or added to all: fixed ones, and a learned factor for each channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerScale(nn.Module):
    """Multiplies each channel by a learned number.

    Args:
        features: how many channels.
        init: where the numbers begin.
        dim: the channels' axis, counted from the end.
    """

    def __init__(self, features: int, init: float = 1e-5, dim: int = -1) -> None:
        super().__init__()
        self.init = init
        self.dim = dim
        self.weight = nn.Parameter(torch.full((features,), init))

    def forward(self, x: Tensor) -> Tensor:
        """The input scaled."""
        # A 1 for each axis behind the channels; those before broadcast by themselves.
        return x * self.weight.view(-1, *(1,) * (-self.dim - 1))

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"{len(self.weight)}, dim={self.dim}"


class MulConstant(nn.Module):
    """Multiplies by a number."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """The input scaled."""
        return x * self.factor

    def extra_repr(self) -> str:
        """The arguments."""
        return f"factor={self.factor}"


class AddConstant(nn.Module):
    """Adds a number."""

    def __init__(self, constant: float) -> None:
        super().__init__()
        self.constant = constant

    def forward(self, x: Tensor) -> Tensor:
        """The input shifted."""
        return x + self.constant

    def extra_repr(self) -> str:
        """The arguments."""
        return f"constant={self.constant}"
