"""The mask of a photograph lies where its things are, whatever the transforms did to the photograph."""

from __future__ import annotations

import pytest
import torch

from netdsl.data.seen_part import find_seen_part
from netdsl.data.transform_chain import Chain, make_chain
from netdsl.data.transforms.base import NO_CLASS
from tests.data.test_masks import checked_data

HEIGHT, WIDTH = 90, 150


def chain_of(line: str) -> Chain:
    use = checked_data(f"{{ {line} }}")
    return make_chain(use.transforms, use.facts, training=False, unit=255, bytes_=True)


def drawn() -> torch.Tensor:
    """A mask with a large thing in its middle."""
    mask = torch.zeros(HEIGHT, WIDTH, dtype=torch.int64)
    mask[30:62, 60:100] = 2
    return mask


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("resize 60x60", 1.0),
        ("resize 200x300", 1.0),
        ("resize 60 fit=cover", 0.6),
        ("resize 64 fit=contain", 1.0),
        ("centercrop 80", 80 * 80 / HEIGHT / WIDTH),
        ("centercrop 160", 1.0),
        ("resize 45; centercrop 40", 40 * 40 / 45 / 75),
        ("randomcrop 60 padding=22; hflip", 60 * 60 / HEIGHT / WIDTH),
        ("hflip", 1.0),
    ],
)
def test_a_mask_that_is_moved_with_its_image_comes_back(line: str, seen: float) -> None:
    chain, mask = chain_of(line), drawn()
    image = torch.zeros(1, 3, HEIGHT, WIDTH, dtype=torch.uint8)
    moved = chain.prepare_targets(image, mask[None])
    for step in chain.steps:
        moved = step.act_on_masks(moved) if step.moves else moved
    shares = torch.nn.functional.one_hot(moved[0].clamp_min(0), 3).movedim(2, 0).float()
    back = find_seen_part(chain, image[0], (HEIGHT, WIDTH)).fill(shares, HEIGHT, WIDTH)
    assert (back != NO_CLASS).float().mean() == pytest.approx(seen, abs=0.02)
    inside = back != NO_CLASS
    # Only along edges may it differ, by less than a pixel of the smaller picture.
    assert (back == mask)[inside].float().mean() > 0.98


def test_an_image_that_was_made_to_fit_comes_back_too() -> None:
    mask = drawn()
    small = torch.nn.functional.interpolate(mask[None, None].float(), (45, 50), mode="nearest-exact")[0, 0].long()
    seen = find_seen_part(chain_of("normalize"), torch.zeros(3, HEIGHT, WIDTH), (45, 50))
    back = seen.fill(torch.nn.functional.one_hot(small, 3).movedim(2, 0).float(), HEIGHT, WIDTH)
    assert (back == mask).float().mean() > 0.98
    assert (back != NO_CLASS).all()
