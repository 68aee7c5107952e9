import pytest
import torch
from torchvision.transforms.v2 import functional as oracle

from netdsl.data.random_stream import Moment, generator
from netdsl.data.transforms import geometry
from netdsl.data.transforms.base import images, planes
from netdsl.data.transforms.geometry import crop


def batch(channels=3, height=9, width=11, count=6, dtype=torch.uint8):
    x = torch.randint(256, (count, channels, height, width), dtype=torch.uint8, generator=generator(7))
    return x if dtype == torch.uint8 else x.to(dtype) / 255


LAYOUTS = [torch.contiguous_format, torch.channels_last]
KINDS = [(1, torch.uint8), (3, torch.uint8), (3, torch.float32)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("channels", "dtype"), KINDS)
def test_planes_and_images_are_inverse_without_a_copy(layout, channels, dtype):
    x = batch(channels, dtype=dtype).contiguous(memory_format=layout)
    whole, _ = planes(x)
    assert whole.is_contiguous()
    assert whole.data_ptr() == x.data_ptr()
    assert torch.equal(images(whole), x)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("channels", "dtype"), KINDS)
@pytest.mark.parametrize("size", [(4, 5), (9, 11), (1, 1), (9, 2)])
def test_crop_takes_the_piece_that_slicing_takes(layout, channels, dtype, size):
    x = batch(channels, dtype=dtype).contiguous(memory_format=layout)
    height, width = size
    stream = generator(1)
    top = torch.randint(9 - height + 1, (6,), generator=stream)
    left = torch.randint(11 - width + 1, (6,), generator=stream)
    expected = [
        x[i, :, row : row + height, column : column + width]
        for i, (row, column) in enumerate(zip(top, left, strict=True))
    ]
    pieces = crop(x, top, left, size)
    assert torch.equal(pieces, torch.stack(expected))
    assert channels == 1 or pieces.is_contiguous(memory_format=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("channels", "dtype"), KINDS)
@pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
def test_random_crop_pads_as_torchvision_does(layout, channels, dtype, mode):
    x = batch(channels, dtype=dtype).contiguous(memory_format=layout)
    step = geometry.RandomCrop((9, 11), padding=(2, 3), padding_mode=mode, fill=0.2)
    step.unit = 255.0 if dtype == torch.uint8 else 1.0
    moment = Moment(torch.arange(6), counters=(3,))
    top, left = step.draw(moment, x.shape[1:])
    padded = oracle.pad(x, [3, 2, 3, 2], padding_mode=mode, fill=51 if dtype == torch.uint8 else 0.2)
    assert torch.equal(step.act(x, top, left), crop(padded, top, left, (9, 11)))
    assert set(top.tolist()) <= set(range(5))
    assert set(left.tolist()) <= set(range(7))


def test_random_crop_reaches_every_place():
    step = geometry.RandomCrop(8, padding=2)
    top, left = step.draw(Moment(torch.arange(2000), counters=(0,)), torch.Size((3, 8, 8)))
    counts = (top * 5 + left).bincount(minlength=25)
    assert len(counts) == 25
    assert counts.min() > 40


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("channels", "dtype"), KINDS)
@pytest.mark.parametrize(("step", "flip"), [("HorizontalFlip", oracle.hflip), ("VerticalFlip", oracle.vflip)])
def test_flips_mirror_the_images_that_chance_picks(layout, channels, dtype, step, flip):
    x = batch(channels, dtype=dtype).contiguous(memory_format=layout)
    chosen = torch.tensor([True, False, True, True, False, False])
    found = getattr(geometry, step)().act(x, chosen)
    assert torch.equal(
        found, torch.stack([flip(image) if yes else image for image, yes in zip(x, chosen, strict=True)])
    )


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_flip_comes_with_its_probability(p):
    (chosen,) = geometry.HorizontalFlip(p).draw(Moment(torch.arange(4000), counters=(0,)), torch.Size((3, 8, 8)))
    assert abs(chosen.float().mean().item() - p) < 0.03


def test_the_alternating_flip_shows_each_image_both_ways_in_two_epochs():
    step, shape = geometry.AlternatingFlip(), torch.Size((3, 8, 8))
    first, second, third = (step.draw(Moment(torch.arange(4000), epoch), shape)[0] for epoch in range(3))
    assert torch.equal(first, ~second)
    assert torch.equal(first, third)
    assert abs(first.float().mean().item() - 0.5) < 0.03
    assert abs((first[1:] == first[:-1]).float().mean().item() - 0.5) < 0.03


@pytest.mark.parametrize("size", [(4, 5), (5, 4), (9, 11), (12, 20), (12, 4)])
def test_center_crop_is_torchvisions(size):
    x = batch()
    assert torch.equal(geometry.CenterCrop(size).act(x), oracle.center_crop(x, list(size)))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(5, 7), (18, 30), (9, 11)])
def test_resize_is_torchvisions(interpolation, size):
    x = batch(dtype=torch.float32)
    mode = {"nearest": oracle.InterpolationMode.NEAREST_EXACT}.get(interpolation, interpolation)
    expected = oracle.resize(x, list(size), interpolation=mode, antialias=True)
    torch.testing.assert_close(geometry.Resize(size, interpolation=interpolation).act(x), expected)


def test_resizing_bytes_rounds_what_resizing_real_numbers_gives():
    x = batch(height=20, width=30)
    expected = (oracle.resize(x.float(), [9, 9], antialias=True)).round().to(torch.uint8)
    assert torch.equal(geometry.Resize((9, 9)).act(x), expected)


@pytest.mark.parametrize("shape", [(30, 40), (40, 30), (31, 31), (17, 53)])
@pytest.mark.parametrize("size", [8, 13, 64])
def test_one_number_is_the_shorter_side_as_torchvision_has_it(shape, size):
    x = torch.rand(2, 3, *shape)
    torch.testing.assert_close(geometry.Resize(size).act(x), oracle.resize(x, [size], antialias=True))


def test_cover_is_the_shorter_side_resized_and_the_middle_taken():
    x = batch(height=20, width=31, dtype=torch.float32)
    expected = oracle.center_crop(oracle.resize(x, [10], antialias=True), [10, 10])
    found = geometry.Resize(10, fit="cover").act(x)
    torch.testing.assert_close(found, expected)


def test_contain_keeps_the_whole_image_between_black_bars():
    x = torch.full((2, 3, 8, 16), 200, dtype=torch.uint8)
    found = geometry.Resize(8, fit="contain").act(x)
    assert found[0, 0, :, 0].tolist() == [0, 0, 200, 200, 200, 200, 0, 0]


def test_random_resized_crop_of_the_whole_image_is_the_image():
    x = batch(dtype=torch.float32)
    whole = [torch.full((6,), value) for value in (0.0, 0.0, 9.0, 11.0)]
    torch.testing.assert_close(geometry.RandomResizedCrop((9, 11)).act(x, *whole), x)


def test_random_resized_crop_scales_a_part_as_torchvision_does():
    x = batch(height=16, width=16, dtype=torch.float32)
    part = [torch.full((6,), value) for value in (2.0, 3.0, 6.0, 9.0)]
    expected = oracle.resized_crop(x, 2, 3, 6, 9, [12, 18], antialias=False)
    found = geometry.RandomResizedCrop((12, 18)).act(x, *part)
    torch.testing.assert_close(found[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])  # beyond the part it may look further


def test_random_resized_crops_lie_inside_and_have_the_sizes_asked_for():
    step = geometry.RandomResizedCrop(8, scale=(0.2, 0.6), ratio=(0.5, 2.0))
    top, left, height, width = step.draw(Moment(torch.arange(2000), counters=(0,)), torch.Size((3, 40, 60)))
    assert bool(((top >= 0) & (left >= 0) & (top + height <= 40) & (left + width <= 60)).all())
    area = height * width / 2400
    assert 0.18 < area.min() < 0.25
    assert 0.55 < area.max() < 0.63
    assert 0.4 < (width / height).min() < 0.6


def test_random_resized_crop_falls_back_to_the_middle():
    step = geometry.RandomResizedCrop(8, scale=(1.0, 1.0), ratio=(1.0, 1.0))
    top, left, height, width = step.draw(Moment(torch.arange(3), counters=(0,)), torch.Size((3, 10, 20)))
    assert (top.tolist(), left.tolist(), height.tolist(), width.tolist()) == ([0] * 3, [5] * 3, [10] * 3, [10] * 3)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_cutout_paints_a_rectangle_around_a_pixel(dtype):
    x = torch.ones(2, 3, 8, 8, dtype=dtype)
    row, column, yes = torch.tensor([3, 0]), torch.tensor([4, 7]), torch.tensor([True, True])
    found = geometry.Cutout((4, 2)).act(x, yes, row, column)
    expected = torch.ones_like(x)
    expected[0, :, 1:5, 3:5] = 0
    expected[1, :, 0:2, 6:8] = 0
    assert torch.equal(found, expected)
    assert torch.equal(geometry.Cutout(4).act(x, ~yes, row, column), x)
