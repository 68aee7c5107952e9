"""Where in an image what a net receives of it lies: `resize` and crops change its size, and cut off its edges."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from netdsl.data.transform_chain import Chain
from netdsl.data.transforms.base import NO_CLASS

ROWS_TOGETHER = 256
"""So many rows of an image are filled at once: the shares of all classes of a photograph would take too much memory."""


class SeenAxis(NamedTuple):
    """An axis of an image: the net's place 0 lies at `start`, and each next one `step` pixels further on."""

    start: float
    step: float

    def places(self, length: int) -> Tensor:
        """Where each pixel of the image lies, counted as the net does."""
        return (torch.arange(length) - self.start) / self.step


class SeenPart(NamedTuple):
    """What part of an image a net receives."""

    rows: SeenAxis
    columns: SeenAxis

    def fill(self, shares: Tensor, height: int, width: int) -> Tensor:
        """The likeliest class H×W of each pixel of an image, out of the shares C×h×w that a net gives to the classes.

        Between the net's own places the shares are interpolated. What the net did not see has no class.
        """
        rows = torch.split(self.rows.places(height), ROWS_TOGETHER)
        return torch.cat([self._fill(shares, some, width) for some in rows])

    def _fill(self, shares: Tensor, rows: Tensor, width: int) -> Tensor:
        columns = self.columns.places(width)
        height, across = shares.shape[1:]
        grid = torch.stack(torch.meshgrid(_scaled(columns, across), _scaled(rows, height), indexing="xy"), 2)
        found = functional.grid_sample(shares[None], grid[None], align_corners=True, padding_mode="border")[0].argmax(0)
        # A place is as wide as the pixels that it stands for.
        seen = _within(rows, height)[:, None] & _within(columns, across)
        return torch.where(seen, found, NO_CLASS)


def _within(places: Tensor, length: int) -> Tensor:
    return (places >= -0.5) & (places < length - 0.5)


def _scaled(places: Tensor, length: int) -> Tensor:
    """Places as `grid_sample` counts them, from -1 to 1."""
    return (places * 2 / max(length - 1, 1) - 1).float()


def find_seen_part(chain: Chain, image: Tensor, fitted: tuple[int, ...]) -> SeenPart:
    """The part of an image C×H×W that a chain of a test leaves; `fitted` is the size that it has before the chain.

    Two images whose pixels say where they are go through all that moves pixels: so any transform is followed that maps
    rows to rows and columns to columns, as all do that act in testing.
    """
    height, width = image.shape[1:]
    rows = torch.arange(height, dtype=torch.float64)[:, None].expand(height, width)
    columns = torch.arange(width, dtype=torch.float64).expand(height, width)
    # Counted from 1, so that a pixel from outside, which is 0, can be told.
    places = torch.stack((rows, columns))[None] + 1
    if fitted != (height, width):
        places = functional.interpolate(places, list(fitted), mode="bilinear", antialias=True)
    for step in (*chain.once, *chain.steps):
        if step.moves:
            places = step.act(places)
    return SeenPart(_axis(places[0, 0].amax(1)), _axis(places[0, 1].amax(0)))


def _axis(places: Tensor) -> SeenAxis:
    """The straight line through places 1, 2, …: taken in the middle, for means of neighbours bend it at the edges."""
    inside = (places > 0).nonzero().flatten()
    first, last = int(inside[len(inside) // 4]), int(inside[-1 - len(inside) // 4])
    step = float(places[last] - places[first]) / (last - first) if last > first else 1.0
    return SeenAxis(float(places[first]) - 1 - step * first, step)
