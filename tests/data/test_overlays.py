"""Masks as pictures: over their images, and as files that are read again."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from netdsl.core.errors import DataError
from netdsl.data.datasets.mask_folders import mask_tensor
from netdsl.data.overlays import classes_in, draw_legend, mask_png, overlay_mask, panels_png
from netdsl.data.transforms.base import NO_CLASS
from netdsl.render.palette import class_color

NAMES = ("background", "cat", "dog")
MASK = torch.tensor([[0, 0, 0, 0], [0, 1, 1, NO_CLASS], [2, 1, 1, 0], [2, 2, 0, 0]])


def pixels(content: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(content)).convert("RGB"))


def test_a_mask_is_written_as_it_is_read() -> None:
    content = mask_png(MASK, NAMES)
    assert torch.equal(mask_tensor(Image.open(io.BytesIO(content)), "mask.png"), MASK)
    assert tuple(pixels(content)[1, 1]) == class_color(1, NAMES)
    with pytest.raises(DataError, match="holds 255 classes at most, not 300"):
        mask_png(MASK, [str(number) for number in range(300)])


def test_the_background_and_what_has_no_class_stay_as_they_are() -> None:
    image = torch.full((1, 4, 4), 200, dtype=torch.uint8)
    drawn = overlay_mask(image, MASK, NAMES)
    assert drawn.shape == (3, 4, 4)
    left = (MASK == 0) | (MASK == NO_CLASS)
    assert (drawn[:, left] == 200).all()
    assert (drawn[:, ~left] != 200).any(0).all()


def test_outlines_are_in_full_colour() -> None:
    mask = torch.zeros(9, 9, dtype=torch.int64)
    mask[2:7, 2:7] = 1
    drawn = overlay_mask(torch.zeros(3, 9, 9, dtype=torch.uint8), mask, NAMES)
    color = torch.tensor(class_color(1, NAMES))
    assert all((drawn[:, row, 2:7] == color[:, None]).all() for row in (2, 6))
    assert (drawn[:, 4, 4] < color).any()


def test_a_legend_names_the_classes_in_as_many_rows_as_they_need() -> None:
    names = ["background", *(f"class {number}" for number in range(60))]
    few, many = (draw_legend(range(count), names, 400) for count in (3, 61))
    assert few.width == many.width == 400
    assert few.height < many.height
    assert draw_legend([], names, 400).height == 0
    assert len({tuple(color) for color in np.array(few).reshape(-1, 3)} & {class_color(1, names)}) == 1


def test_small_images_are_drawn_larger_beside_each_other() -> None:
    image = torch.zeros(3, 4, 4, dtype=torch.uint8)
    found = pixels(panels_png([("image", image), ("mask", overlay_mask(image, MASK, NAMES))], classes_in(MASK), NAMES))
    assert found.shape[1] == 2 * 256 + 6
    assert classes_in(MASK) == [0, 1, 2]
