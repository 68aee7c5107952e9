"""Transforms that mix samples and their classes. Neighbours in the shuffled batch are mixed."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from netdsl.core.errors import DataError
from netdsl.data.random_stream import Moment
from netdsl.data.transforms.base import BatchTransform, Draws


class Mixing(BatchTransform):
    """The base of both: each sample has a share from Beta(alpha, alpha), with which the classes are mixed."""

    random = True

    def __init__(self, alpha: float = 1.0, classes: int | None = None) -> None:
        if classes is None:
            raise DataError("classes can be mixed, numbers cannot", "leave `mixup` and `cutmix` out")
        self.alpha, self.classes = alpha, classes

    def share(self, moment: Moment) -> Tensor:
        """The share of each sample that stays."""
        weights = torch.full((len(moment), 2), self.alpha)
        return torch._sample_dirichlet(weights, generator=moment.generator)[
            :, 0
        ]  # with two weights it is a Beta distribution

    def act_on_targets(self, y: Tensor, *drawn: Tensor) -> Tensor:
        """The share of each class, N×classes(×positions). The first draw is the share of the sample itself."""
        classes = y if y.is_floating_point() else self._shares(y)
        return _mixed(classes, classes[_partners(y)], drawn[0])

    def _shares(self, y: Tensor) -> Tensor:
        """The shares before mixing: 1 for the class of a sample or a position; all 0 without a class."""
        shares = functional.one_hot(y.clamp_min(0), self.classes).float() * (y >= 0).unsqueeze(-1)
        return shares.movedim(-1, 1)


class Mixup(Mixing):
    """Takes the weighted mean of two samples."""

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """The share of each sample that stays."""
        return (self.share(moment),)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The mixed batch."""
        return _mixed(x, x[_partners(x)], drawn[0])


class CutMix(Mixing):
    """Pastes a rectangle of another image into each image, and the same rectangle of its mask."""

    moves = True

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """The share of each image that stays, and the rectangle: its first and last row and column."""
        height, width = shape[-2:]
        side = (1 - self.share(moment)).sqrt() / 2
        row, column = moment.uniform(0, height), moment.uniform(0, width)
        top, bottom = ((row + sign * side * height).round().clamp(0, height) for sign in (-1, 1))
        left, right = ((column + sign * side * width).round().clamp(0, width) for sign in (-1, 1))
        stays = 1 - (bottom - top) * (right - left) / (height * width)
        return stays, top, bottom, left, right

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The mixed batch."""
        _, top, bottom, left, right = drawn
        rows, columns = _between(x.shape[-2], top, bottom), _between(x.shape[-1], left, right)
        return torch.where(rows[:, None, :, None] & columns[:, None, None, :], x[_partners(x)], x)

    def act_on_masks(self, masks: Tensor, *drawn: Tensor) -> Tensor:
        """The masks with the rectangles of the others."""
        return self.act(masks, *drawn) if masks.dim() == 4 else self.act(masks.unsqueeze(1), *drawn).squeeze(1)


def _partners(x: Tensor) -> Tensor:
    """The partner of each sample: 1, 0, 3, 2, …; the last of an odd number is its own partner."""
    places = torch.arange(len(x), device=x.device)
    return (places ^ 1).clamp(max=max(len(x) - 1, 0))


def _mixed(x: Tensor, other: Tensor, share: Tensor) -> Tensor:
    share = share.to(x.dtype).view(-1, *[1] * (x.dim() - 1))
    return x * share + other * (1 - share)


def _between(length: int, first: Tensor, last: Tensor) -> Tensor:
    places = torch.arange(length, device=first.device)
    return (places >= first[:, None]) & (places < last[:, None])
