"""Windows of an image with features last, (N, H, W, F): cut out, put back, and attention within them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from netdsl.modules.composites import Skips
from netdsl.modules.resizing import SizedLike

Window = tuple[int, int]


def cut_windows(x: Tensor, window: Window) -> Tensor:
    """The windows of a batch, row by row: (N, H, W, F) -> (N, H/h·W/w, h·w, F)."""
    rows, columns = window
    x = torch.unflatten(x, 2, (-1, columns))
    x = torch.unflatten(x, 1, (-1, rows))
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def join_windows(x: Tensor, window: Window, height: int, width: int) -> Tensor:
    """What `cut_windows` has cut: (N, H/h·W/w, h·w, F) -> (N, H, W, F)."""
    rows, columns = window
    x = torch.unflatten(x, 2, (rows, columns))
    x = torch.unflatten(x, 1, (height // rows, width // columns))
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


class Windows(nn.Module):
    """The windows of an image: (N, H, W, F) -> (N, H/h·W/w, h·w, F)."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window

    def forward(self, x: Tensor) -> Tensor:
        """Cuts a batch."""
        return cut_windows(x, self.window)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"window={self.window}"


class Unwindows(nn.Module):
    """An image of its windows: (N, H/h·W/w, h·w, F) -> (N, H, W, F)."""

    def __init__(self, window: Window, size: Window) -> None:
        super().__init__()
        self.window = window
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Joins the windows of a batch."""
        return join_windows(x, self.window, *self.size)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"window={self.window}, size={self.size}"


class UnwindowsLike(SizedLike):
    """An image of its windows, as high and wide as a labelled output with features last."""

    def __init__(self, window: Window, takes: Sequence[str] = ()) -> None:
        super().__init__(takes)
        self.window = window

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Joins the windows of a batch."""
        height, width, _ = (skips or {})[self.takes[0]].shape[1:]
        return join_windows(x, self.window, height, width)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"window={self.window}"


class WindowAttention(nn.Module):
    """Attention within windows of an image: (N, H, W, F) -> (N, H, W, F).

    Each pair of places in a window has a learned bias for how far they are apart. The
    image is filled up with zeros to whole windows. `shift` moves the windows, cyclically;
    what was not side by side before is masked. Where one window covers an axis, nothing
    is shifted along it. The weights have the names and the order of torchvision's.

    Source: Liu et al., "Swin Transformer", 2021.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        window: Window,
        shift: Window = (0, 0),
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.window = window
        self.shift = shift
        self.dropout = dropout
        rows, columns = window
        distances = (2 * rows - 1) * (2 * columns - 1)
        table = torch.empty(distances, num_heads)
        self.relative_position_bias_table = nn.Parameter(table)
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim, bias=bias)
        self.proj = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the biases of the distances anew."""
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Mixes the places of each window."""
        (rows, columns), (height, width) = self.window, x.shape[1:3]
        x = functional.pad(x, (0, 0, 0, -width % columns, 0, -height % rows))
        high, wide = x.shape[1:3]
        shifts = [self._shift(0, high), self._shift(1, wide)]
        if any(shifts):
            x = x.roll((-shifts[0], -shifts[1]), (1, 2))
        windows = cut_windows(x, self.window)
        mask = self._mask(high, wide, shifts, x) if any(shifts) else None
        x = join_windows(self._attend(windows, mask), self.window, high, wide)
        if any(shifts):
            x = x.roll((shifts[0], shifts[1]), (1, 2))
        return x[:, :height, :width]

    def _shift(self, axis: int, size: int) -> int:
        """How far the windows are moved along an axis."""
        shift = self.shift[axis]
        return shift if shift and size > self.window[axis] else 0

    def _attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Within each window: (N, windows, places, F), likewise out."""
        batch = x.shape[0]
        # Windows and samples are one dimension, and the heads another.
        parts = self.qkv(x.flatten(0, 1))
        parts = torch.unflatten(parts, -1, (3, self.num_heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        scores = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1)
        scores = scores + self._distance_bias()
        if mask is not None:
            scores = torch.unflatten(scores, 0, (batch, -1)) + mask
            scores = scores.flatten(0, 1)
        shares = functional.dropout(scores.softmax(-1), self.dropout, self.training)
        mixed = self.proj((shares @ value).transpose(1, 2).flatten(2))
        return torch.unflatten(mixed, 0, (batch, -1))

    def _distance_bias(self) -> Tensor:
        """What each head adds to the score of two places of a window."""
        rows, columns = self.window
        places = torch.arange(rows * columns, device=self.qkv.weight.device)
        row, column = places // columns, places % columns
        down = row[:, None] - row + rows - 1
        right = column[:, None] - column + columns - 1
        distance = down * (2 * columns - 1) + right
        return self.relative_position_bias_table[distance].permute(2, 0, 1)

    def _mask(self, high: int, wide: int, shifts: Sequence[int], x: Tensor) -> Tensor:
        """What is added where two places come from different ends of the image."""
        ends = []
        for axis, size in enumerate((high, wide)):
            place = torch.arange(size, device=x.device)
            last = place >= size - self.window[axis]
            ends.append(last.int() + (place >= size - shifts[axis]).int())
        regions = 3 * ends[0][:, None] + ends[1]
        cut = cut_windows(regions[None, ..., None], self.window)[0, :, :, 0]
        apart = cut[:, None, :, None] != cut[:, None, None, :]
        # A share of e⁻¹⁰⁰ is none; -inf would leave NaN where torch's kernels round.
        return torch.zeros_like(apart, dtype=x.dtype).masked_fill(apart, -100.0)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"heads={self.num_heads}, window={self.window}, shift={self.shift}"
