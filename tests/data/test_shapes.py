"""Drawn shapes: the same ones each time, whole, and each pixel in the class of what it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from netdsl.components import Dataset, Refusal
from netdsl.data.datasets.shapes import load
from netdsl.data.samples import Tensors
from tests.data.conftest import REGISTRY


def drawings(*shape: int, size: int = 60) -> Tensors:
    train = load(Path(), shape, size).train
    assert isinstance(train, Tensors)
    return train


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 24, 50)])
def test_each_image_has_two_shapes_in_colours_that_stand_out(shape: tuple[int, int, int]) -> None:
    found = drawings(*shape)
    assert (found.x.shape[1:], found.y.shape[1:]) == (shape, shape[1:])
    assert all(len(mask.unique()) == 3 for mask in found.y)
    assert torch.equal((found.x >= 100).all(1), found.y > 0)
    assert set(found.y.unique().tolist()) == {0, 1, 2, 3}


def test_they_are_the_same_each_time_and_others_test() -> None:
    again, other = load(Path(), size=40), load(Path(), size=40)
    assert torch.equal(again.train.x, other.train.x)  # type: ignore[union-attr]
    assert len(again.test) == 4  # type: ignore[arg-type]
    assert not torch.equal(again.test.x, again.train.x[:4])  # type: ignore[union-attr]


def test_little_is_hidden() -> None:
    masks = drawings(3, 32, 32, size=500).y
    areas = torch.stack([(masks == kind).flatten(1).sum(1) for kind in (1, 2, 3)], 1)
    assert (areas[areas > 0] > 15).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (3, 8, 32)}, "of at least 16 pixels a side, but the shape is 3x8x32"),
        ({"shape": (2, 32, 32)}, "is 3×H×W or 1×H×W"),
        ({"shape": 32}, "but the shape is 32"),
        ({"size": 0}, "`size` is at least 1, not 0"),
    ],
)
def test_what_cannot_be_drawn_is_told(arguments: dict, message: str) -> None:
    with pytest.raises(Refusal, match=message):
        REGISTRY.of(Dataset)["shapes"].facts(**arguments)
