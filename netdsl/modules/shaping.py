"""Modules that move numbers around, or drop some: shapes in, shapes out, nothing to learn."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

Sizes = Sequence[int]


class Reshape(nn.Module):
    """The numbers of each sample in another shape: (N, …) -> (N, *sizes)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = tuple(sizes)

    def forward(self, x: Tensor) -> Tensor:
        """Reshapes a batch."""
        return x.reshape(x.shape[0], *self.sizes)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"sizes={self.sizes}"


class Permute(nn.Module):
    """The dimensions in another order, as `torch.permute` has it."""

    def __init__(self, dims: Sizes) -> None:
        super().__init__()
        self.dims = tuple(dims)

    def forward(self, x: Tensor) -> Tensor:
        """Reorders the dimensions of a batch."""
        return x.permute(self.dims)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"dims={self.dims}"


class Transpose(nn.Module):
    """Two dimensions swapped, as `torch.transpose` has it."""

    def __init__(self, dim0: int, dim1: int) -> None:
        super().__init__()
        self.dim0 = dim0
        self.dim1 = dim1

    def forward(self, x: Tensor) -> Tensor:
        """Swaps two dimensions of a batch."""
        return x.transpose(self.dim0, self.dim1)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"dim0={self.dim0}, dim1={self.dim1}"


class Crop(nn.Module):
    """A window of the last dimensions, from `offset` or from the middle: (N, C, *size)."""

    def __init__(self, size: Sizes, offset: Sizes | None = None) -> None:
        super().__init__()
        self.size = tuple(size)
        self.offset = None if offset is None else tuple(offset)

    def forward(self, x: Tensor) -> Tensor:
        """Cuts the window out of a batch."""
        first = x.dim() - len(self.size)
        # A slice would silently be shorter where the window reaches too far.
        for axis, start in enumerate(self.offset or self._middle(x)):
            x = x.narrow(first + axis, start, self.size[axis])
        return x

    def _middle(self, x: Tensor) -> Sizes:
        spatial = x.shape[-len(self.size) :]
        ends = zip(spatial, self.size, strict=True)
        return [(whole - part) // 2 for whole, part in ends]

    def extra_repr(self) -> str:
        """The arguments."""
        return f"size={self.size}, offset={self.offset}"


class Select(nn.Module):
    """One index of a dimension, which disappears, as `torch.select` has it."""

    def __init__(self, dim: int, index: int) -> None:
        super().__init__()
        self.dim = dim
        self.index = index

    def forward(self, x: Tensor) -> Tensor:
        """Picks from a batch."""
        return x.select(self.dim, self.index)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"dim={self.dim}, index={self.index}"


class Squeeze(nn.Module):
    """Without dimensions of size 1, as `torch.squeeze` has it."""

    def __init__(self, dim: int | tuple[int, ...]) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Drops dimensions of a batch."""
        return x.squeeze(self.dim)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"dim={self.dim}"


class Slice(nn.Module):
    """A stretch of a dimension: `x[:, start:end:step]` where `dim` is 1."""

    def __init__(
        self,
        start: int,
        end: int | None = None,
        step: int = 1,
        dim: int = 1,
    ) -> None:
        super().__init__()
        self.start = start
        self.end = end
        self.step = step
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Cuts it out of a batch."""
        whole = (slice(None),) * (self.dim % x.dim())
        return x[(*whole, slice(self.start, self.end, self.step))]

    def extra_repr(self) -> str:
        """The arguments."""
        return f"start={self.start}, end={self.end}, step={self.step}, dim={self.dim}"


class Roll(nn.Module):
    """Shifted along some dimensions, what leaves at one end comes in at the other, as `torch.roll` has it."""

    def __init__(
        self,
        shifts: int | tuple[int, ...],
        dims: int | tuple[int, ...],
    ) -> None:
        super().__init__()
        self.shifts = shifts
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        """Shifts a batch."""
        return x.roll(self.shifts, self.dims)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"shifts={self.shifts}, dims={self.dims}"


class DropPath(nn.Module):
    """Drops whole samples of a residual branch in training, and scales up the rest.

    Source: Huang et al., "Deep Networks with Stochastic Depth", 2016; per sample as in
    Larsson et al., 2017.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Multiplies each sample by 0, or by 1/(1 − p)."""
        # One draw for each sample, broadcast over the rest of it.
        samples = x.new_ones(x.shape[0], *(1 for _ in x.shape[1:]))
        return x * functional.dropout(samples, self.p, self.training)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"p={self.p}"
