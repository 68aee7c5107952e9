"""A table like that of Kaggle's house prices, made by chance: 80 columns, numbers and words, 6 % of them missing."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NUMBERS, WORDS = 37, 43
MISSING = 0.06
WAYS = ("", "NA", "N/A", "?")
NOISE = 0.1
"""The deviation of the logarithm of the price that no column tells: no net comes below."""


class Houses(NamedTuple):
    """The columns without the target, a cell each, and the price of each house."""

    header: list[str]
    cells: list[list[str]]
    prices: NDArray[np.float64]


def make_houses(count: int, seed: int = 0) -> Houses:
    """Houses whose prices depend on most columns, on some by a curve, on two by their product.

    A value that is missing still counts for the price, and in a third of the columns it is missing more often where the
    price is low.
    """
    generator = np.random.default_rng(seed)
    world = np.random.default_rng(17)  # how prices come about does not depend on the seed
    numbers = generator.normal(size=(count, NUMBERS))
    sizes = world.integers(2, 12, WORDS)
    words = np.stack([generator.integers(0, size, count) for size in sizes], 1)
    log = 12 + numbers @ (world.normal(size=NUMBERS) * 0.06)
    log += 0.12 * np.tanh(2 * numbers[:, 0]) + 0.08 * numbers[:, 1] * numbers[:, 2] - 0.06 * numbers[:, 3] ** 2
    for column, size in enumerate(sizes):
        log += (world.normal(size=size) * 0.04)[words[:, column]]
    low = (log < np.median(log))[:, None]
    log += generator.normal(size=count) * NOISE
    # Some columns are whole numbers, some large, some with few different values.
    scale, shift = world.choice([1.0, 30.0, 500.0], NUMBERS), world.choice([0.0, 5.0, 2000.0], NUMBERS)
    shown = np.round(numbers * scale + shift, 1)
    shown[:, :8] = np.round(numbers[:, :8] * 2 + 5)
    cells = np.concatenate([shown.astype(str), np.char.add("w", words.astype(str))], 1).astype(object)
    chance = np.where(world.random(NUMBERS + WORDS) < 1 / 3, MISSING * (0.5 + low), MISSING)
    gaps = generator.random(cells.shape) < chance
    cells[gaps] = generator.choice(WAYS, int(gaps.sum()))
    names = [f"number{n}" for n in range(NUMBERS)] + [f"word{n}" for n in range(WORDS)]
    return Houses(names, cells.tolist(), np.round(np.exp(log)))


def write_houses(path: Path, houses: Houses, *, prices: bool = True) -> None:
    """Writes the table with a column `Id` in front, and `SalePrice` at the end."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Id", *houses.header, *(["SalePrice"] if prices else [])])
        for number, (row, price) in enumerate(zip(houses.cells, houses.prices, strict=True), 1):
            writer.writerow([number, *row, *([int(price)] if prices else [])])


def log_rmse(predicted: NDArray[np.float64], prices: NDArray[np.float64]) -> float:
    """The root of the mean squared difference of the logarithms, by which Kaggle ranks; below 1 counts as 1."""
    return float(np.sqrt(np.mean((np.log(np.maximum(predicted, 1)) - np.log(prices)) ** 2)))
