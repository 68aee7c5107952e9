"""Masks go with their images through every transform."""

from __future__ import annotations

import pytest
import torch

from netdsl.checker import check
from netdsl.components import Transform
from netdsl.core.diagnostics import errors
from netdsl.core.source import Source
from netdsl.data import open_data
from netdsl.data.random_stream import AUGMENT, Moment
from netdsl.data.transform_chain import make_chain
from netdsl.data.transforms.base import NO_CLASS
from netdsl.data.worker_reader import Key, Reader
from tests.data.conftest import REGISTRY

GEOMETRY = [
    "resize 12",
    "resize 20x12",
    "resize 12 fit=cover",
    "resize 12 fit=contain",
    "centercrop 10",
    "centercrop 20",
    "randomcrop 16 padding=4",
    "randomcrop 12",
    "randomcrop 16 padding=4 padding_mode=reflect",
    "randomresizedcrop 12",
    "hflip",
    "vflip",
    "altflip",
    "rotation 40",
    "affine 20 translate=0.2,0.2 scale=0.7,1.3 shear=10",
    "v2.RandomHorizontalFlip",
    "v2.RandomVerticalFlip",
]
COLOR = [
    "normalize",
    "cutout 4",
    "colorjitter 0.4 0.4",
    "grayscale 3",
    "v2.GaussianBlur 3",
]


def checked_data(line):
    """The checked line of a net for three classes a pixel."""
    experiment, diagnostics = check(
        Source("net", f"data fake 3x16x16 classes=3 per=position {line}; conv 3 k1"), REGISTRY
    )
    assert not errors(diagnostics)
    return experiment.data


def blocks() -> tuple[torch.Tensor, torch.Tensor]:
    """Images whose colour is their class: one bright quarter, one half bright, the rest black."""
    masks = torch.zeros(16, 16, 16, dtype=torch.int64)
    masks[:, 2:8, 1:7] = 2
    masks[:, 8:15, 9:15] = 1
    return (masks * 127).to(torch.uint8).unsqueeze(1).repeat(1, 3, 1, 1), masks


@pytest.fixture
def transformed():
    def transform(line: str):
        use = checked_data(f"{{ {line} }}")
        x, y = blocks()
        facts = use.facts._replace(mean=(0.5,) * 3, std=(0.5,) * 3)
        chain = make_chain(use.transforms, facts, training=True, unit=255, bytes_=True)
        moment = Moment(torch.arange(len(x)), 0, (AUGMENT, 0, 0, 0))
        return use, chain(chain.prepare(x), chain.prepare_targets(x, y), moment, slice(0, len(x)))

    return transform


@pytest.mark.parametrize("line", GEOMETRY)
def test_what_moves_the_image_moves_the_mask_alike(transformed, line):
    use, (x, masks) = transformed(line)
    assert masks.dtype == torch.int64
    assert tuple(masks.shape[1:]) == use.facts.target == tuple(x.shape[2:])
    assert set(masks.unique().tolist()) <= {NO_CLASS, 0, 1, 2}
    seen = (x[:, 0] * 255 / 127).round().long()
    # Interpolation makes colours between two classes along edges; a mask left behind agrees far less often.
    assert (seen == masks.clamp_min(0)).float().mean() > 0.85
    assert (masks > 0).any()
    if not line.startswith(("resize", "centercrop")):
        assert len(masks.unique(dim=0)) > 1


@pytest.mark.parametrize("line", COLOR)
def test_what_changes_colours_leaves_the_mask(transformed, line):
    _, (x, masks) = transformed(line)
    before, kept = blocks()
    assert torch.equal(masks, kept)
    assert not torch.equal(x, before / 255)


@pytest.mark.parametrize("line", ["randaugment 2 9", "trivialaugment"])
def test_policies_move_masks_and_leave_their_classes(transformed, line):
    _, (_, masks) = transformed(line)
    assert set(masks.unique().tolist()) <= {NO_CLASS, 0, 1, 2}
    assert len(masks.unique(dim=0)) > 1


def test_what_comes_in_from_outside_has_no_class(transformed):
    _, (_, masks) = transformed("centercrop 20")
    assert (masks[:, 0] == NO_CLASS).all()
    assert (masks[:, 2:-2, 2:-2] != NO_CLASS).all()


def test_cutmix_pastes_masks_and_mixup_shares_them(transformed):
    _, (x, masks) = transformed("cutmix")
    assert torch.equal((x[:, 0] * 255 / 127).round().long(), masks)
    _, (_, shares) = transformed("mixup")
    assert shares.shape == (16, 3, 16, 16)
    assert torch.allclose(shares.sum(1), torch.ones(16, 16, 16))


class Photos:
    folder = ""

    def __len__(self) -> int:
        return 16

    def read(self, index):
        x, y = blocks()
        return x[index], y[index]

    def name(self, index):
        return str(index)

    def label(self, index):
        return None

    def identity(self, index):
        return self.name(index)


def test_workers_move_masks_too():
    use = checked_data("{ randomcrop 12; hflip }")
    chain = make_chain(use.transforms, use.facts, training=True, unit=255, bytes_=True)
    x, y = Reader(Photos(), chain.steps[:1])[Key(3, 1, 2, 3, 4)]
    assert y.shape == (12, 12)
    assert torch.equal((x[0] / 127).round().long(), y)


def test_every_transform_is_here():
    mixing = {"cutmix", "mixup", "randaugment", "trivialaugment"}
    known = {line.split()[0] for line in (*GEOMETRY, *COLOR)} | mixing
    assert set(REGISTRY.of(Transform)) <= known


def test_batches_of_masks_are_the_same_after_a_resume():
    use = checked_data("size=40 batch=8 { hflip; rotation 20 }")
    data = open_data(use, "cpu", seed=3)
    whole = list(data.train.epoch(1))
    rest = list(data.train.epoch(1, start=2))
    assert all(torch.equal(a.y, b.y) and torch.equal(a.x, b.x) for a, b in zip(whole[2:], rest, strict=True))
