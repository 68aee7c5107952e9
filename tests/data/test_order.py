import pytest
import torch

from netdsl.data import open_data
from netdsl.data.batch_order import Plan

AUGMENTED = (("randomcrop", {"size": 8, "padding": 1}), "hflip", ("cutout", {"size": 3}))


def same(left, right):
    return len(left) == len(right) and all(
        torch.equal(a, b) for one, two in zip(left, right, strict=True) for a, b in zip(one, two, strict=True)
    )


def test_an_epoch_serves_every_sample_once(data_use):
    data = open_data(data_use("digits", settings={"batch": 32}), "cpu", seed=0)
    plain = open_data(data_use("digits", settings={"batch": 32, "shuffle": False}), "cpu", seed=0)
    shuffled, ordered = (torch.cat([b.x for b in d.train.epoch(3)]).flatten(1) for d in (data, plain))
    assert not torch.equal(shuffled, ordered)
    assert torch.equal(shuffled.unique(dim=0), ordered.unique(dim=0))


def test_epochs_and_seeds_differ_and_repeat_themselves(data_use):
    def epoch(seed, number):
        return list(open_data(data_use("digits", *AUGMENTED), "cpu", seed=seed).train.epoch(number))

    assert same(epoch(0, 0), epoch(0, 0))
    assert not same(epoch(0, 0), epoch(0, 1))
    assert not same(epoch(0, 0), epoch(1, 0))


@pytest.mark.parametrize("start", [0, 1, 7, 22, 23, 99])
def test_an_epoch_resumes_at_any_step(data_use, start):
    data = open_data(data_use("digits", *AUGMENTED), "cpu", seed=5)
    assert same(list(data.train.epoch(2))[start:], list(data.train.epoch(2, start=start)))


@pytest.mark.parametrize("world", [2, 3])
@pytest.mark.parametrize("batch", [16, 37])
def test_the_ranks_shares_together_are_the_global_batch(data_use, world, batch):
    use = data_use("digits", *AUGMENTED, "altflip", settings={"batch": batch})
    whole = open_data(use, "cpu", seed=1)
    ranks = [open_data(use, "cpu", seed=1, rank=rank, world=world) for rank in range(world)]
    for part in ("train", "test"):
        shares = zip(*(getattr(data, part).epoch(4) for data in ranks), strict=True)
        joined = [tuple(torch.cat(parts) for parts in zip(*share, strict=True)) for share in shares]
        assert same(joined, list(getattr(whole, part).epoch(4)))


def test_the_test_set_knows_no_chance_and_no_seed(data_use):
    first, second = (open_data(data_use("digits", *AUGMENTED), "cpu", seed=seed) for seed in (0, 1))
    plain = open_data(data_use("digits"), "cpu", seed=2)
    assert same(list(first.test.epoch(0)), list(second.test.epoch(1)))
    assert same(list(first.test.epoch(0)), list(plain.test.epoch(0)))


@pytest.mark.parametrize(
    ("samples", "batch", "drop_last", "sizes"),
    [(10, 4, False, [4, 4, 2]), (10, 4, True, [4, 4]), (8, 4, True, [4, 4]), (3, 4, False, [3]), (3, 4, True, [])],
)
def test_the_last_batch_is_short_or_dropped(samples, batch, drop_last, sizes):
    plan = Plan(samples, batch, drop_last=drop_last)
    assert plan.batches == len(sizes)
    assert [plan.size(step) for step in range(plan.batches)] == sizes
    assert [len(moment) for _, moment in plan.moments(0)] == sizes


def test_another_batch_size_serves_the_same_samples(data_use):
    data = open_data(data_use("digits"), "cpu", seed=0)
    test = data.test.batched(100)
    assert [len(batch.y) for batch in test.epoch(0)] == [100, 100, 100, 60]
    assert [test.size(step) for step in range(test.batches)] == [100, 100, 100, 60]
    assert torch.equal(torch.cat([b.y for b in test.epoch(0)]), torch.cat([b.y for b in data.test.epoch(0)]))


def test_dropped_samples_are_not_counted(data_use):
    data = open_data(data_use("digits", settings={"batch": 64, "drop_last": True}), "cpu", seed=0)
    assert data.train.samples == 1408 == sum(len(batch.y) for batch in data.train.epoch(0))


def test_fewer_samples_than_a_batch_may_leave_none(data_use):
    data = open_data(data_use("digits", settings={"limit": 5, "drop_last": True}), "cpu", seed=0)
    assert (data.train.batches, data.train.samples, list(data.train.epoch(0))) == (0, 0, [])
    assert data.test.samples == 5
