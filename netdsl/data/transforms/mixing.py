"""Transforms that mix samples and their classes. Partners are neighbours in the batch, which is shuffled anyway."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from netdsl.core.errors import DataError
from netdsl.data.random_stream import Moment
from netdsl.data.transforms.base import BatchTransform, Draws


class Mixing(BatchTransform):
    """What both have in common: a share for each sample, drawn from Beta(alpha, alpha), and the mixing of classes."""

    random = True

    def __init__(self, alpha: float = 1.0, classes: int | None = None) -> None:
        if classes is None:
            raise DataError("classes can be mixed, numbers cannot", "leave `mixup` and `cutmix` out")
        self.alpha, self.classes = alpha, classes

    def share(self, moment: Moment) -> Tensor:
        """How much of each sample stays."""
        weights = torch.full((len(moment), 2), self.alpha)
        return torch._sample_dirichlet(weights, generator=moment.generator)[:, 0]  # two weights: a Beta law

    def act_on_targets(self, y: Tensor, *drawn: Tensor) -> Tensor:
        """Each class's share, N×classes(×positions); the first of the draws is what stays."""
        classes = y if y.is_floating_point() else self._shares(y)
        return _mixed(classes, classes[_partners(y)], drawn[0])

    def _shares(self, y: Tensor) -> Tensor:
        """All of a sample or a position to its class; what has no class has no share either."""
        shares = functional.one_hot(y.clamp_min(0), self.classes).float() * (y >= 0).unsqueeze(-1)
        return shares.movedim(-1, 1)


class Mixup(Mixing):
    """Two samples laid over each other."""

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """What stays of each."""
        return (self.share(moment),)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The mixed batch."""
        return _mixed(x, x[_partners(x)], drawn[0])


class CutMix(Mixing):
    """A rectangle of another image pasted in; of a mask, the same rectangle."""

    moves = True

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """What stays of each, and the rectangle: the first and the last row and column, cut off at the edges."""
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
    """1, 0, 3, 2, …; the last of an odd number is its own."""
    places = torch.arange(len(x), device=x.device)
    return (places ^ 1).clamp(max=max(len(x) - 1, 0))


def _mixed(x: Tensor, other: Tensor, share: Tensor) -> Tensor:
    share = share.to(x.dtype).view(-1, *[1] * (x.dim() - 1))
    return x * share + other * (1 - share)


def _between(length: int, first: Tensor, last: Tensor) -> Tensor:
    places = torch.arange(length, device=first.device)
    return (places >= first[:, None]) & (places < last[:, None])
