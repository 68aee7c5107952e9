import pytest
import torch
from torchvision.transforms import v2

from netdsl.builder import locate
from netdsl.checker import check
from netdsl.components import Refusal
from netdsl.core.source import Source
from netdsl.data import open_data
from netdsl.data.transforms import torchvision_v2
from netdsl.data.transforms.torchvision_v2 import torchvision_names, torchvision_transform
from netdsl.plugins.registry import load_registry


def made(name, **arguments):
    return locate(f"netdsl.data.transforms.torchvision_v2:{name}")(**arguments)


def test_every_sample_has_a_draw_of_its_own_that_the_generator_decides():
    x = torch.rand(64, 3, 5, 5)
    step = made("RandomHorizontalFlip", p=0.5)
    first, again, other = (step(x, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    mirrored = (first != x).flatten(1).any(1)
    assert torch.equal(first, torch.where(mirrored.view(-1, 1, 1, 1), x.flip(-1), x))
    assert 16 < mirrored.sum() < 48


def test_torchs_random_state_is_left_alone():
    x, before = torch.ones(4, 3, 8, 8), torch.get_rng_state()
    made("RandomErasing")(x, torch.Generator())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("name", "random"),
    [
        ("Resize", False),
        ("CenterCrop", False),
        ("Pad", False),
        ("Grayscale", False),
        ("GaussianBlur", True),
        ("GaussianNoise", True),
        ("RandomInvert", True),
        ("AutoAugment", True),
        ("ColorJitter", True),
        ("ScaleJitter", True),
    ],
)
def test_what_draws_is_random(name, random):
    assert torchvision_transform(f"v2.{name}").random == random
    assert hasattr(v2, name)


def test_only_torchvisions_transforms_have_names():
    assert torchvision_transform("v2.Nonsense") is None
    assert torchvision_transform("Resize") is None
    assert "v2.Resize" in torchvision_names()
    with pytest.raises(AttributeError):
        _ = torchvision_v2.Nonsense


def test_shapes_are_found_by_running():
    assert torchvision_transform("v2.Pad").apply((3, 8, 8), padding=2) == (3, 12, 12)
    with pytest.raises(Refusal, match="torchvision refuses: Kernel size value should be an odd"):
        torchvision_transform("v2.GaussianBlur").apply((3, 8, 8), kernel_size=4)
    with pytest.raises(Refusal, match=r"`v2.FiveCrop` does not make one image of an image"):
        torchvision_transform("v2.FiveCrop").apply((3, 8, 8), size=4)


def experiment(text):
    return check(Source("a.net", text), load_registry())


def test_a_file_may_name_them(monkeypatch):
    checked, found = experiment("data digits limit=100 { v2.Pad 2; v2.RandomRotation 10 }; flatten; linear 144->10")
    assert [one.code for one in found] == ["NET990"]
    data = open_data(checked.data, "cpu", seed=0)
    assert data.shape == (1, 12, 12)
    first, again = (list(data.train.epoch(3)) for _ in range(2))
    assert all(torch.equal(one.x, other.x) for one, other in zip(first, again, strict=True))


def test_a_misspelt_name_is_answered_with_torchvisions():
    _, found = experiment("data digits { v2.GausianBlur 3 }; flatten; linear 64->10")
    assert found[0].message == "unknown transform `v2.GausianBlur`, did you mean `v2.GaussianBlur`?"
