"""Small pictures of samples, as addresses that hold the whole image."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

from netdsl.data.overlays import as_color, overlay_mask

SHARP = 64
"""Up to so many pixels a side, a picture keeps every pixel as it is."""

LARGEST = 128


def draw_thumbnail(image: Tensor) -> str:
    """A picture of C×H×W, in colour if C is 3 or more. Values from 0 to 1 stay, others are stretched."""
    return _address(_bytes(image))


def draw_overlay(image: Tensor, mask: Tensor, names: Sequence[str]) -> str:
    """The same with a mask H×W over it."""
    return _address(overlay_mask(_bytes(image), mask, names))


def _bytes(image: Tensor) -> Tensor:
    low, high = image.min(), image.max()
    if low < -1e-3 or high > 1 + 1e-3:
        image = (image - low) / (high - low).clamp_min(1e-12)
    return (as_color(image).nan_to_num(0.0).clamp(0, 1) * 255).round().to(torch.uint8)


def _address(pixels: Tensor) -> str:
    picture = Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())
    stream = io.BytesIO()
    if max(picture.size) <= SHARP:
        picture.save(stream, "PNG")
        return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
    picture.thumbnail((LARGEST, LARGEST))
    picture.save(stream, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
