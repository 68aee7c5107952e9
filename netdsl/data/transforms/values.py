"""Transforms of values: from bytes to real numbers, and to mean 0 and deviation 1."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from netdsl.data.transforms.base import BatchTransform, is_channels_last


class Normalize(BatchTransform):
    """Each channel minus its mean, divided by its deviation."""

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        self.mean, self.std = tuple(mean), tuple(std)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The normalised batch."""
        return ToFloat(1.0, self).act(x)


class ToFloat(BatchTransform):
    """Turns the stored values into real numbers, `x / unit`, and does the normalisation after it in the same pass.

    (x/u − m) / s = x·1/(u·s) − m/s: one conversion, then a product and a sum in place.
    """

    def __init__(self, unit: float, then: Normalize | None = None) -> None:
        self.unit, self.then = unit, then
        mean, std = (then.mean, then.std) if then else ((0.0,), (1.0,))
        pairs = list(zip(_spread(mean, len(std)), _spread(std, len(mean)), strict=True))
        self._factor = [1 / (unit * deviation) for _, deviation in pairs]
        self._offset = [-centre / deviation for centre, deviation in pairs]
        self._constants: dict[tuple[torch.Size, torch.device, bool], tuple[Tensor, Tensor]] = {}

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """Real numbers, in the memory layout of the input."""
        real = x.to(torch.float32, copy=True)
        if self.then is None:
            return real.div_(self.unit)
        factor, offset = self._spread_over(x)
        return real.mul_(factor).add_(offset)

    def _spread_over(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The constants in the shape and memory format of a whole sample: faster than one number per channel."""
        key = (x.shape[1:], x.device, is_channels_last(x))
        if key not in self._constants:
            self._constants[key] = (_laid_out(self._factor, x), _laid_out(self._offset, x))
        return self._constants[key]


def _spread(values: Sequence[float], count: int) -> Sequence[float]:
    return list(values) * count if len(values) == 1 else values


def _laid_out(values: Sequence[float], x: Tensor) -> Tensor:
    column = torch.tensor(values, dtype=torch.float32, device=x.device).view(1, -1, *[1] * (x.dim() - 2))
    whole = column.expand(1, *x.shape[1:])
    return whole.contiguous(memory_format=torch.channels_last if is_channels_last(x) else torch.contiguous_format)
