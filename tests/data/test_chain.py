import pytest
import torch

from netdsl.components import Facts, Transform
from netdsl.data import open_data
from netdsl.data.resident import PREPARED_BYTES
from netdsl.data.transform_chain import Chain, make_chain
from netdsl.data.transforms.geometry import CenterCrop, RandomCrop, Resize
from netdsl.data.transforms.values import Normalize, ToFloat
from netdsl.program import Use

from .conftest import transform_use

FACTS = Facts((3, 8, 8), 10, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
CROP = ("randomcrop", {"size": 8, "padding": 1})


def chain(*steps, training=True, unit=255.0, bytes_=True, facts=FACTS):
    return make_chain([transform_use(step) for step in steps], facts, training=training, unit=unit, bytes_=bytes_)


def kinds(found: Chain):
    return [type(step).__name__ for step in found.once], [type(step).__name__ for step in found.steps]


@pytest.mark.parametrize(
    ("steps", "once", "later"),
    [
        ((), [], ["ToFloat"]),
        (("normalize",), [], ["ToFloat"]),
        ((("resize", {"size": 8}), "hflip", "normalize"), ["Resize"], ["HorizontalFlip", "ToFloat"]),
        ((CROP, "hflip", "normalize"), [], ["RandomCrop", "HorizontalFlip", "ToFloat"]),
        (("normalize", "hflip"), [], ["ToFloat", "HorizontalFlip"]),
        (("grayscale", "normalize"), [], ["ToFloat", "Grayscale", "Normalize"]),
        (("hflip", ("resize", {"size": 4})), [], ["HorizontalFlip", "Resize", "ToFloat"]),
    ],
)
def test_bytes_are_moved_before_they_are_made_real(steps, once, later):
    assert kinds(chain(*steps)) == (once, later)


def test_bytes_that_do_not_span_255_are_made_real_before_they_are_blended():
    assert kinds(chain(("resize", {"size": 16}), unit=16.0)) == ([], ["ToFloat", "Resize"])
    assert kinds(chain(("centercrop", {"size": 4}), unit=16.0)) == (["CenterCrop"], ["ToFloat"])


def test_real_numbers_and_indices_are_not_scaled():
    assert kinds(chain("hflip", unit=1.0, bytes_=False)) == ([], ["HorizontalFlip"])
    assert kinds(chain(facts=Facts((20,), 3, dtype="index"))) == ([], [])


def test_in_testing_random_transforms_give_way_to_what_keeps_the_size():
    tested = chain(CROP, "hflip", ("randomresizedcrop", {"size": 6}), ("mixup", {"alpha": 1.0}), training=False)
    assert [type(step) for step in tested.once] == [CenterCrop, Resize]
    assert kinds(tested)[1] == ["ToFloat"]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_scaling_and_normalising_at_once_is_normalising_after_scaling(layout):
    x = torch.randint(256, (5, 3, 8, 8), dtype=torch.uint8).contiguous(memory_format=layout)
    normalize = Normalize(FACTS.mean, FACTS.std)
    expected = (x / 255 - torch.tensor(FACTS.mean).view(3, 1, 1)) / torch.tensor(FACTS.std).view(3, 1, 1)
    for found in (ToFloat(255.0, normalize).act(x), normalize.act(ToFloat(255.0).act(x))):
        torch.testing.assert_close(found, expected)
        assert found.is_contiguous(memory_format=layout)
    assert torch.equal(ToFloat(255.0).act(x), x / 255)


def test_one_mean_serves_all_channels():
    x = torch.rand(4, 3, 5, 5)
    torch.testing.assert_close(Normalize((0.5,), (0.1, 0.2, 0.3)).act(x), Normalize((0.5,) * 3, (0.1, 0.2, 0.3)).act(x))


def test_the_fill_of_a_crop_is_the_same_before_and_after_scaling():
    bytes_first, real_first = chain(("randomcrop", {"size": 8, "padding": 8, "fill": 0.4})), RandomCrop(8, 8, fill=0.4)
    x = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    corner = torch.tensor([0]), torch.tensor([0])
    step, scale = bytes_first.steps
    assert torch.equal(scale.act(step.act(x, *corner)), real_first.act(x / 255, *corner))


@pytest.mark.parametrize("steps", [(), ("normalize",), (("resize", {"size": 12}), "normalize"), (CROP, "hflip")])
def test_channels_last_changes_nothing_but_the_layout(data_use, steps):
    use = data_use("fake", *steps, shape=(3, 8, 8), size=100)
    data = open_data(use, "cpu", seed=0)
    turned = data.channels_last()
    for one, other in zip(data.train.epoch(1), turned.train.epoch(1), strict=True):
        torch.testing.assert_close(one.x, other.x)
        assert other.x.is_contiguous(memory_format=torch.channels_last)


def test_few_data_without_chance_are_transformed_once(data_use):
    few = open_data(data_use("fake", "normalize", shape=(3, 8, 8), size=10), "cpu", seed=0)
    many = open_data(data_use("fake", "normalize", shape=(3, 64, 64), size=PREPARED_BYTES // 40_000), "cpu", seed=0)
    chance = open_data(data_use("fake", "hflip", shape=(3, 8, 8), size=10), "cpu", seed=0)
    assert [len(data.train.chain.steps) for data in (few, many, chance)] == [0, 1, 2]


def test_what_is_served_once_transformed_is_what_each_batch_would_be(data_use, monkeypatch):
    use = data_use("fake", ("resize", {"size": 5}), "normalize", shape=(3, 8, 8), size=100)
    once = list(open_data(use, "cpu", seed=0).train.epoch(0))
    monkeypatch.setattr("netdsl.data.resident.PREPARED_BYTES", 0)
    each = list(open_data(use, "cpu", seed=0).train.epoch(0))
    assert all(torch.equal(a.x, b.x) and torch.equal(a.y, b.y) for a, b in zip(once, each, strict=True))


class Noise:
    """A plugin's transform: a class with nothing but the contract."""

    def __init__(self, amount: float) -> None:
        self.amount = amount

    def __call__(self, batch, generator):
        return batch + self.amount * torch.rand(batch.shape, generator=generator)


def noise(x, amount: float = 1.0):
    """Adds noise."""
    return x


def test_a_plugins_transform_draws_from_the_steps_generator(data_use):
    component = Transform(name="noise", function=noise, target=f"{__name__}:Noise", random=True)
    use = data_use("digits")
    noisy = type(use)(**{**vars(use), "transforms": (Use(component, {"amount": 0.5}),)})
    first, second = (open_data(noisy, "cpu", seed=0) for _ in range(2))
    plain = open_data(use, "cpu", seed=0)
    epoch, again, clean = ([batch.x for batch in data.train.epoch(1)] for data in (first, second, plain))
    assert all(torch.equal(one, other) for one, other in zip(epoch, again, strict=True))
    assert 0.4 < (epoch[0] - clean[0]).max() <= 0.5
    assert torch.equal(next(first.test.epoch(0)).x, next(plain.test.epoch(0)).x)
