import pytest
import torch

from netdsl.data import DataError, open_data


def served(use, seed=0):
    data = open_data(use, "cpu", seed=seed)
    return data, *(torch.cat([batch.x for batch in part.batched(1000).epoch(0)]) for part in (data.train, data.test))


def test_split_holds_out_a_share_of_the_training_part(data_use):
    settings = {"split": 0.25, "shuffle": False}
    data, train, test = served(data_use("digits", settings=settings))
    assert data.facts.sizes == (1078, 359)
    whole = served(data_use("digits", settings={"shuffle": False}))[1]
    together = torch.cat((train, test)).flatten(1)
    assert torch.equal(together.unique(dim=0), whole.flatten(1).unique(dim=0))
    assert torch.equal(test, served(data_use("digits", settings=settings), seed=9)[2])


def test_limit_takes_some_of_each_part_from_everywhere(data_use):
    data = open_data(data_use("digits", settings={"limit": 50, "shuffle": False}), "cpu", seed=0)
    assert data.facts.sizes == (50, 50)
    labels = torch.cat([batch.y for batch in data.train.epoch(0)])
    assert labels.unique().tolist() == list(range(10))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"split": 1.5}, "`split` is the share of samples to test on: above 0 and below 1, not 1.5"),
        ({"split": 0.0001}, "`split=0.0001` leaves a part of the 1437 samples of `data digits` empty"),
        ({"limit": 0}, "`limit` is at least 1, not 0"),
    ],
)
def test_parts_that_cannot_be_are_refused(data_use, settings, message):
    with pytest.raises(DataError) as error:
        open_data(data_use("digits", settings=settings), "cpu", seed=0)
    assert error.value.message == message


def test_each_sample_is_tested_in_one_fold(data_use):
    whole = open_data(data_use("digits", settings={"split": 0, "shuffle": False}), "cpu", seed=0).train.samples
    tested = []
    for fold in (1, 2, 3):
        use = data_use("digits", settings={"folds": 3, "fold": fold, "shuffle": False})
        data = open_data(use, "cpu", seed=fold)
        assert data.train.samples + data.test.samples == whole
        tested += [x.flatten().tolist() for batch in data.test.epoch(0) for x in batch.x]
    everything = open_data(data_use("digits", settings={"split": 0, "shuffle": False}), "cpu", seed=0)
    rows = [x.flatten().tolist() for batch in everything.train.epoch(0) for x in batch.x]
    assert sorted(tested) == sorted(rows)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"folds": 3, "split": 0.2}, "`folds` and `split` both choose the test samples"),
        ({"folds": 3, "fold": 4}, "there is no fold 4 of 3"),
        ({"folds": 2000}, "`data digits` has 1437 samples for 2000 folds"),
    ],
)
def test_folds_that_cannot_be_are_refused(data_use, settings, message):
    with pytest.raises(DataError) as error:
        open_data(data_use("digits", settings=settings), "cpu", seed=0)
    assert error.value.message == message
