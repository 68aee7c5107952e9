import math

import pytest
import torch
from torchvision.transforms.v2 import functional as oracle

from netdsl.data.random_stream import Moment, generator
from netdsl.data.transforms import color, random_policies
from netdsl.data.transforms.affine import Affine, Rotation, affine_maps, warp

FACTORS = torch.tensor([0.0, 0.3, 1.0, 1.7, 2.5])


def photographs(count=5, size=12):
    return torch.randint(256, (count, 3, size, size), generator=generator(3)) / 255


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_each_image_is_adjusted_by_its_own_factor(name):
    x = photographs()
    adjust = getattr(oracle, f"adjust_{name}")
    expected = torch.stack([adjust(image, float(factor)) for image, factor in zip(x, FACTORS, strict=True)])
    torch.testing.assert_close(getattr(color, name)(x, FACTORS), expected)


def test_hues_turn_as_torchvisions_do():
    x, shifts = photographs(), torch.tensor([-0.5, -0.2, 0.0, 0.1, 0.5])
    expected = torch.stack([oracle.adjust_hue(image, float(shift)) for image, shift in zip(x, shifts, strict=True)])
    torch.testing.assert_close(color.hue(x, shifts), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_grayscale_is_torchvisions(channels):
    x = photographs()
    torch.testing.assert_close(color.Grayscale(channels).act(x), oracle.rgb_to_grayscale(x, channels))


def test_colorjitter_leaves_out_what_has_no_range():
    x = photographs()
    step = color.ColorJitter(brightness=0.5)
    drawn = step.draw(Moment(torch.arange(5), counters=(1,)), x.shape[1:])
    assert torch.equal(step.act(x, *drawn), color.brightness(x, drawn[0]))
    assert bool(((drawn[0] >= 0.5) & (drawn[0] <= 1.5)).all())


@pytest.mark.parametrize(
    ("ours", "theirs", "values"),
    [
        (random_policies.sharpness, oracle.adjust_sharpness, [0.0, 0.4, 1.0, 1.9]),
        (random_policies.solarize, oracle.solarize, [0.0, 0.3, 0.8, 1.0]),
    ],
)
def test_operations_are_torchvisions_on_real_numbers(ours, theirs, values):
    x = photographs(4)
    expected = torch.stack([theirs(image, value) for image, value in zip(x, values, strict=True)])
    torch.testing.assert_close(ours(x, torch.tensor(values)), expected)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_posterize_keeps_the_first_bits(bits):
    x = photographs()
    expected = oracle.posterize((x * 255).round().to(torch.uint8), bits) / 255
    torch.testing.assert_close(random_policies.posterize(x, torch.full((5,), float(bits))), expected)


@pytest.mark.parametrize("name", ["equalize", "autocontrast"])
def test_histograms_are_spread_as_torchvision_does(name):
    x = photographs() * torch.tensor([1.0, 0.5, 0.1, 0.01, 0.0]).view(5, 1, 1, 1)
    bytes_ = (x * 255).round().to(torch.uint8)
    expected = getattr(oracle, name)(bytes_).float() / 255
    found = getattr(random_policies, name)(bytes_.float() / 255, torch.zeros(5))
    torch.testing.assert_close(found, expected, atol=1 / 255 if name == "autocontrast" else 0, rtol=0)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize(
    ("degrees", "move", "scale", "shear"),
    [(0, (0, 0), 1, 0), (90, (0, 0), 1, 0), (25, (0, 0), 1, 0), (0, (3, -2), 1, 0), (10, (1, 2), 1.2, 15)],
)
def test_warps_are_torchvisions(interpolation, degrees, move, scale, shear):
    x = photographs(2, 15)
    numbers = [degrees * math.pi / 180, scale, -math.tan(math.radians(shear)), 0, *move]
    maps = affine_maps(*(torch.full((2,), float(number)) for number in numbers))
    expected = oracle.affine(x, degrees, list(move), scale, [shear, 0], interpolation=interpolation)
    found = warp(x, maps, interpolation)
    if interpolation == "nearest":
        assert (found - expected).abs().flatten().sort().values[: -len(found.flatten()) // 20].max() < 1e-5
    else:
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_what_comes_in_from_outside_is_the_fill():
    x = torch.full((1, 1, 9, 9), 0.25)
    half = affine_maps(*(torch.tensor([number]) for number in (0.0, 0.5, 0.0, 0.0, 0.0, 0.0)))
    found = warp(x, half, fill=0.75)[0, 0]
    assert found[0].tolist() == [0.75] * 9
    assert found[4, 4] == 0.25


def test_a_rotation_by_nothing_changes_nothing():
    x = photographs()
    step = Rotation(0.0)
    torch.testing.assert_close(step.act(x, *step.draw(Moment(torch.arange(5), counters=(0,)), x.shape[1:])), x)


def test_affine_draws_within_its_limits():
    step = Affine(degrees=0, translate=(0.25, 0.0))
    (maps,) = step.draw(Moment(torch.arange(500), counters=(0,)), torch.Size((3, 12, 12)))
    moves = -maps[:, :, 2]
    assert moves[:, 0].unique().tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert not moves[:, 1].any()


@pytest.mark.parametrize(
    "step", [random_policies.RandAugment(), random_policies.RandAugment(1, 30), random_policies.TrivialAugment()]
)
def test_policies_keep_images_images(step):
    x = photographs(64, 16)
    found = step.act(x, *step.draw(Moment(torch.arange(64), counters=(2,)), x.shape[1:]))
    assert found.shape == x.shape
    assert bool((found >= 0).all() and (found <= 1).all())
    assert not torch.equal(found, x)


def test_an_operation_is_done_to_its_own_images_alone():
    x = photographs(3)
    operation = torch.tensor([random_policies.IDENTITY, random_policies.SOLARIZE, random_policies.BRIGHTNESS])
    found = random_policies.apply(x, operation, torch.tensor([0.0, 0.5, 0.3]), 0.0)
    assert torch.equal(found[0], x[0])
    torch.testing.assert_close(found[1], oracle.solarize(x[1], 0.5))
    torch.testing.assert_close(found[2], oracle.adjust_brightness(x[2], 1.3))
