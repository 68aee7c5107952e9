"""Transforms of colours, on real numbers of 0…1. Torchvision's definitions, but each image has its own factor."""

from __future__ import annotations

import torch
from torch import Tensor

from netdsl.data.random_stream import Moment
from netdsl.data.transforms.base import BatchTransform, Draws

LUMINANCE = (0.2989, 0.587, 0.114)


def grey(x: Tensor) -> Tensor:
    """The brightness of each pixel, N×1×H×W. Images of one channel stay as they are."""
    if x.shape[1] == 1:
        return x
    weights = torch.tensor(LUMINANCE, device=x.device, dtype=x.dtype).view(1, 3, 1, 1)
    return (x * weights).sum(1, keepdim=True)


def blend(x: Tensor, other: Tensor | float, factor: Tensor) -> Tensor:
    """`other` at factor 0, the image at factor 1, and beyond the image above 1; clamped to 0…1."""
    share = factor.to(x.dtype).view(-1, 1, 1, 1)
    return (x * share + (1 - share) * other).clamp(0, 1)


def brightness(x: Tensor, factor: Tensor) -> Tensor:
    """Blends black and the image."""
    return blend(x, 0.0, factor)


def contrast(x: Tensor, factor: Tensor) -> Tensor:
    """Blends the image's mean grey and the image."""
    return blend(x, grey(x).mean((1, 2, 3), keepdim=True), factor)


def saturation(x: Tensor, factor: Tensor) -> Tensor:
    """Blends the grey image and the image."""
    return blend(x, grey(x), factor)


def hue(x: Tensor, shift: Tensor) -> Tensor:
    """Moves every colour along the circle of hues, by −0.5…0.5 of the circle."""
    h, s, v = _to_hsv(x)
    return _to_rgb((h + shift.to(x.dtype).view(-1, 1, 1)) % 1.0, s, v)


def _to_hsv(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    red, green, blue = x.unbind(1)
    value, low = x.amax(1), x.amin(1)
    spread = value - low
    divisor = torch.where(spread == 0, 1.0, spread)
    sector = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    return (sector / 6) % 1.0, spread / torch.where(value == 0, 1.0, value), value


def _to_rgb(h: Tensor, s: Tensor, v: Tensor) -> Tensor:
    # each primary's distance along the circle, in sectors: red at 5, green at 3, blue at 1
    channels = []
    for start in (5, 3, 1):
        sector = (start + h * 6) % 6
        channels.append(v - v * s * torch.minimum(sector, 4 - sector).clamp(0, 1))
    return torch.stack(channels, 1)


class ColorJitter(BatchTransform):
    """Changes brightness, contrast, saturation and hue, in this order, each by a random amount."""

    random = True

    def __init__(
        self, brightness: float = 0.0, contrast: float = 0.0, saturation: float = 0.0, hue: float = 0.0
    ) -> None:
        self.ranges = tuple((max(0.0, 1 - most), 1 + most) for most in (brightness, contrast, saturation))
        self.hue = hue

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """Three factors and a shift for each image."""
        return (*(moment.uniform(*limits) for limits in self.ranges), moment.uniform(-self.hue, self.hue))

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The changed batch; a property without a range stays."""
        *factors, shift = drawn
        for change, limits, factor in zip((brightness, contrast, saturation), self.ranges, factors, strict=True):
            if limits != (1.0, 1.0):
                x = change(x, factor)
        return hue(x, shift) if self.hue else x


class Grayscale(BatchTransform):
    """Makes images grey: one channel, or three equal ones."""

    def __init__(self, channels: int = 1) -> None:
        self.channels = channels

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The grey batch."""
        return grey(x).expand(-1, self.channels, -1, -1).contiguous()
