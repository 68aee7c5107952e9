import pytest
import torch

from netdsl.data import DataError, open_data
from netdsl.data.random_stream import Moment
from netdsl.data.transforms.mixing import CutMix, Mixup


def moment(count):
    return Moment(torch.arange(count), counters=(4,))


def test_mixup_lays_neighbours_over_each_other_and_their_classes():
    x, y = torch.arange(5.0).view(5, 1), torch.tensor([0, 1, 2, 0, 1])
    share = torch.tensor([0.5, 1.0, 0.25, 0.0, 0.3])
    step = Mixup(classes=3)
    assert step.act(x, share).flatten().tolist() == [0.5, 1.0, 2.75, 2.0, 4.0]
    assert step.act_on_targets(y, share).tolist() == [
        [0.5, 0.5, 0.0],
        [0.0, 1.0, 0.0],
        [0.75, 0.0, 0.25],
        [0.0, 0.0, 1.0],
        [0.0, 1.0, 0.0],
    ]


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 5.0])
def test_shares_follow_the_beta_law(alpha):
    share = Mixup(alpha, classes=2).share(moment(20000))
    assert not share.isnan().any()
    assert abs(share.mean().item() - 0.5) < 0.015
    assert abs(share.var().item() - 1 / (4 * (2 * alpha + 1))) < 0.01


def test_cutmix_mixes_classes_by_the_area_that_is_pasted():
    step = CutMix(classes=2)
    x = torch.tensor([0.0, 1.0]).repeat(50).view(100, 1, 1, 1).expand(-1, 3, 10, 14)
    y = torch.tensor([0, 1]).repeat(50)
    drawn = step.draw(moment(100), x.shape[1:])
    pasted = step.act(x, *drawn)[:, 0].flatten(1).mean(1)
    torch.testing.assert_close(pasted, step.act_on_targets(y, *drawn)[:, 1])
    assert len(pasted.unique()) > 50


def test_a_mixed_batch_reaches_the_loop_with_soft_targets(data_use):
    data = open_data(data_use("digits", "normalize", ("mixup", {"alpha": 0.4})), "cpu", seed=0)
    batch = next(data.train.epoch(0))
    assert batch.y.shape == (64, 10)
    torch.testing.assert_close(batch.y.sum(1), torch.ones(64))
    assert next(data.test.epoch(0)).y.dtype == torch.int64


def test_numbers_cannot_be_mixed():
    with pytest.raises(DataError, match="classes can be mixed, numbers cannot"):
        Mixup(classes=None)
