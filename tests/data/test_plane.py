import math

import pytest
import torch

from netdsl.data import open_data
from netdsl.data.datasets.plane import load_circles, load_moons, load_spirals, load_xor

LOADERS = {"spirals": load_spirals, "moons": load_moons, "circles": load_circles, "xor": load_xor}


@pytest.mark.parametrize("name", LOADERS)
def test_the_facts_are_those_of_the_points(name, data_use):
    data = open_data(data_use(name, settings={"shuffle": False}), "cpu", seed=3)
    assert data.facts.sizes == (1000, 500)
    assert (data.shape, data.facts.classes) == ((2,), 2)
    classes = torch.cat([batch.y for batch in data.train.epoch(0)])
    assert classes.bincount().tolist() == [500, 500]


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
def test_the_points_are_the_same_every_time_and_others_for_another_seed(load, tmp_path):
    one, again, other = load(tmp_path), load(tmp_path), load(tmp_path, seed=1)
    assert torch.equal(one.train.x, again.train.x)
    assert not torch.equal(one.train.x, other.train.x)
    assert not torch.equal(one.train.x[:500], one.test.x)


def test_without_noise_a_spiral_winds_as_often_as_it_should(tmp_path):
    points = load_spirals(tmp_path, classes=3, size=3000, noise=0.0, turns=2.0).train
    radius = points.x.norm(dim=1)
    assert radius.max() <= 1 + 1e-6
    angle = torch.atan2(points.x[:, 1], points.x[:, 0])
    expected = 2 * math.pi * (2.0 * radius + points.y / 3)
    assert torch.allclose((angle - expected).cos(), torch.ones(3000), atol=1e-4)


def test_without_noise_moons_are_half_circles_around_their_middles(tmp_path):
    points = load_moons(tmp_path, noise=0.0).train
    middles = torch.tensor([[-0.5, -0.25], [0.5, 0.25]])[points.y]
    away = points.x - middles
    assert torch.allclose(away.norm(dim=1), torch.ones(1000), atol=1e-5)
    assert (away[:, 1] * (1 - 2 * points.y) >= -1e-5).all()


def test_without_noise_circles_have_their_radii(tmp_path):
    points = load_circles(tmp_path, noise=0.0, factor=0.3).train
    assert torch.allclose(points.x.norm(dim=1), torch.where(points.y == 0, 1.0, 0.3), atol=1e-6)


def test_the_class_of_xor_is_whether_the_signs_differ(tmp_path):
    points = load_xor(tmp_path).train
    assert torch.equal((points.x[:, 0] * points.x[:, 1] < 0).long(), points.y)
    assert points.x.abs().max() <= 1


@pytest.mark.parametrize(
    ("line", "parameter", "message"),
    [
        ("spirals", {"classes": 1}, "2 to 10 spirals"),
        ("spirals", {"turns": -1.0}, "`turns` is above 0"),
        ("moons", {"size": 3}, "`size` is at least 4"),
        ("circles", {"factor": 1.0}, "below 1"),
        ("xor", {"noise": -0.1}, "`noise` is at least 0"),
        ("xor", {"seed": -1}, "`seed` is at least 0"),
    ],
)
def test_what_makes_no_points_is_refused(line, parameter, message):
    from netdsl.builtins.datasets import plane
    from netdsl.components import Refusal

    with pytest.raises(Refusal, match=message):
        getattr(plane, line).facts(**parameter)
