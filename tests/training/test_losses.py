from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from netdsl.training.running_loss import Losses, RunningMean

steps = st.lists(st.tuples(st.floats(0, 10, width=32), st.integers(1, 64)), min_size=1, max_size=30)


@given(steps, st.sets(st.integers(0, 29)))
def test_the_mean_does_not_depend_on_when_it_is_looked_at(batches: list[tuple[float, int]], looks: set[int]) -> None:
    watched, unwatched = Losses(), Losses()
    for index, (loss, samples) in enumerate(batches):
        for losses in (watched, unwatched):
            losses.add(torch.tensor(loss), samples, index)
        if index in looks:
            watched.settle()
    watched.settle()
    unwatched.settle()
    assert watched.epoch == unwatched.epoch
    expected = sum(loss * samples for loss, samples in batches) / sum(samples for _, samples in batches)
    assert watched.epoch.value == pytest.approx(expected)


def test_a_mean_counts_samples_not_batches() -> None:
    mean = RunningMean()
    mean.add(1.0, 3)
    mean.add(5.0, 1)
    assert mean.value == 2.0


def test_the_mean_of_nothing_is_nan() -> None:
    assert math.isnan(RunningMean().value)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_first_loss_that_is_not_finite_is_noted(bad: float) -> None:
    losses = Losses()
    for step, loss in enumerate([1.0, bad, 2.0, bad], start=7):
        losses.add(torch.tensor(loss), 1, step)
    losses.settle()
    assert losses.bad == 8


def test_both_means_come_back() -> None:
    losses = Losses()
    losses.add(torch.tensor(0.1), 3, 1)
    losses.settle()
    losses.recent = RunningMean()
    losses.add(torch.tensor(0.7), 5, 2)
    again = Losses()
    again.load_state_dict(losses.state_dict())
    assert (again.recent, again.epoch) == (losses.recent, losses.epoch)
