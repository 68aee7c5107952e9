"""A run as a notebook shows it."""

from __future__ import annotations

import math
import re

import pytest

from netdsl.reports.chart import MOST_POINTS
from netdsl.runs.history import Epoch, History
from netdsl.training.reporting.epoch_table import EpochTable
from netdsl.training.reporting.run_html import MOST_ROWS, choose_rows, run_html


def make_epochs(losses: list[float]) -> list[Epoch]:
    return [
        Epoch(number, number * 10, loss, {"loss": loss, "accuracy": 1 / (1 + loss)}, 1000.0, 0.5)
        for number, loss in enumerate(losses, 1)
    ]


def best_of(epochs: list[Epoch]) -> Epoch | None:
    history = History(["accuracy"])
    for epoch in epochs:
        history.add(epoch)
    return history.best


def shown(losses: list[float]) -> list[int | None]:
    epochs = make_epochs(losses)
    return [epoch and epoch.number for epoch in choose_rows(epochs, best_of(epochs))]


def test_few_epochs_are_all_shown() -> None:
    assert shown([1.0] * MOST_ROWS) == list(range(1, MOST_ROWS + 1))


def test_of_many_epochs_the_first_the_best_and_the_last_are_shown() -> None:
    losses = [1.0] * 1000
    losses[499] = 0.5
    rows = shown(losses)
    assert rows[:7] == [1, 2, 3, None, 500, None, 974]
    assert rows[-1] == 1000
    assert len(rows) == MOST_ROWS + 3
    assert shown([0.1, *losses])[:5] == [1, 2, 3, None, 975]


@pytest.mark.parametrize(
    "losses", [[], [1.0], [1.0, 1.0], [math.nan], [math.inf, 1.0], [1e30, 1e-30], [1 / n for n in range(1, 5000)]]
)
def test_any_run_has_curves(losses: list[float]) -> None:
    epochs = make_epochs(losses)
    html = run_html(epochs, best_of(epochs), EpochTable(["accuracy"], "images"), "accuracy")
    assert html.count("<svg") == html.count("</svg>") == (2 if losses else 0)
    assert "nan" not in html.partition("<table")[0]
    # However long a run is, what is sent to the page again and again stays small.
    assert len(html) < 60_000 + 40 * MOST_POINTS


def test_the_first_epoch_has_a_curve_before_it_ends() -> None:
    table = EpochTable([], "images")
    begun = run_html([], None, table, live=[(0.1, 2.0), (0.2, 1.5)])
    assert re.search(r'class="line train" d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+"', begun)
    (epoch,) = make_epochs([1.0])
    assert 'class="line train"' in run_html([epoch], epoch, table, live=[(1.5, 0.5)])
