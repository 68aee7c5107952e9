import torch

from netdsl.data import open_data


def test_the_digits_are_the_1797_of_uci_and_the_last_360_test(data_use):
    data = open_data(data_use("digits", settings={"shuffle": False}), "cpu", seed=0)
    train, test = (torch.cat([batch.y for batch in part.epoch(0)]) for part in (data.train, data.test))
    assert data.facts.sizes == (len(train), len(test)) == (1437, 360)
    assert train[:20].tolist() == [*range(10), *range(10)]
    assert torch.cat((train, test)).bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.description == "resident: 1,437 + 360 images, uint8 on cpu"


def test_a_pixel_is_its_count_of_dark_points_divided_by_16(data_use):
    data = open_data(data_use("digits", settings={"shuffle": False}), "cpu", seed=0)
    first = next(data.train.epoch(0)).x[0, 0]
    assert (first * 16)[0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert first.dtype == torch.float32
    assert first.max() == 15 / 16


def test_the_facts_state_the_mean_and_deviation_of_the_training_digits(data_use):
    data = open_data(data_use("digits", settings={"shuffle": False}), "cpu", seed=0)
    x = torch.cat([batch.x for batch in data.train.epoch(0)]).double()
    assert data.facts.mean == (round(x.mean().item(), 4),)
    assert data.facts.std == (round(x.std(correction=0).item(), 4),)
