"""Points of the plane in classes, by formula: the same every time."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from pathlib import Path

import torch
from torch import Generator, Tensor

from netdsl.data.random_stream import PLANE, generator
from netdsl.data.samples import Splits, Tensors

Formula = Callable[[Tensor, Generator], Tensor]
"""From the classes of N points, and random numbers, to their N×2 coordinates."""


def load_spirals(
    root: Path, *, classes: int = 2, size: int = 1_000, noise: float = 0.05, turns: float = 1.5, seed: int = 0
) -> Splits:
    """Archimedean spirals: the radius grows with the angle, and each class begins at an angle of its own."""

    def place(y: Tensor, stream: Generator) -> Tensor:
        along = torch.rand(len(y), generator=stream).sqrt()  # the root: as many points a length outside as inside
        return _polar(along, 2 * pi * (turns * along + y / classes))

    return _splits(place, classes, size, noise, seed)


def load_moons(root: Path, *, size: int = 1_000, noise: float = 0.1, seed: int = 0) -> Splits:
    """Half circles of radius 1, the second upside down and moved by 1 and 0.5, the middle of both at 0."""

    def place(y: Tensor, stream: Generator) -> Tensor:
        points = _polar(torch.ones(len(y)), pi * torch.rand(len(y), generator=stream))
        upside_down = torch.tensor([1.0, 0.5]) - points
        return torch.where(y[:, None] == 0, points, upside_down) - torch.tensor([0.5, 0.25])

    return _splits(place, 2, size, noise, seed)


def load_circles(root: Path, *, size: int = 1_000, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Splits:
    """Circles of radius 1 and `factor`."""

    def place(y: Tensor, stream: Generator) -> Tensor:
        radius = torch.where(y == 0, 1.0, factor)
        return _polar(radius, 2 * pi * torch.rand(len(y), generator=stream))

    return _splits(place, 2, size, noise, seed)


def load_xor(root: Path, *, size: int = 1_000, noise: float = 0.0, seed: int = 0) -> Splits:
    """The class is whether the two coordinates, each between −1 and 1, have different signs."""

    def place(y: Tensor, stream: Generator) -> Tensor:
        first = 2 * torch.rand(len(y), generator=stream) - 1
        other = torch.rand(len(y), generator=stream) * first.sign() * (1 - 2 * y)
        return torch.stack((first, other), dim=1)

    return _splits(place, 2, size, noise, seed)


def _splits(place: Formula, classes: int, size: int, noise: float, seed: int) -> Splits:
    train, test = (_part(place, classes, count, noise, seed, part) for part, count in enumerate((size, size // 2)))
    return Splits(train, test)


def _part(place: Formula, classes: int, size: int, noise: float, seed: int, number: int) -> Tensors:
    stream = generator(PLANE, seed, number)
    y = torch.arange(size) % classes
    x = place(y, stream) + noise * torch.randn(size, 2, generator=stream)
    return Tensors(x, y)


def _polar(radius: Tensor, angle: Tensor) -> Tensor:
    return torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)
