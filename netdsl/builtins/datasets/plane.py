"""Points of the plane in classes that no straight line divides: the data on which one sees what a net does."""

from __future__ import annotations

from netdsl.components import Facts, Refusal, dataset
from netdsl.core.text import text


@dataset("netdsl.data.datasets.plane:load_spirals", example="data spirals noise=0.1")
def spirals(*, classes: int = 2, size: int = 1_000, noise: float = 0.05, turns: float = 1.5, seed: int = 0) -> Facts:
    """Spirals that wind around each other, one for each class: points of the plane between −1 and 1.

    `size` points to train on, and half as many to test. `noise` is the deviation that is added to both coordinates,
    `seed` draws other points.
    """
    if not 2 <= classes <= 10:
        raise Refusal(text("there are 2 to 10 spirals, not {classes}", classes=classes), "classes")
    if turns <= 0:
        raise Refusal(text("`turns` is above 0, not {turns:g}", turns=turns), "turns")
    return _points(classes, size, noise, seed)


@dataset("netdsl.data.datasets.plane:load_moons", example="data moons noise=0.1")
def moons(*, size: int = 1_000, noise: float = 0.1, seed: int = 0) -> Facts:
    """Two half circles that reach into each other, one for each class.

    `size` points to train on, and half as many to test. `noise` is the deviation that is added to both coordinates,
    `seed` draws other points.
    """
    return _points(2, size, noise, seed)


@dataset("netdsl.data.datasets.plane:load_circles", example="data circles noise=0.1")
def circles(*, size: int = 1_000, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Facts:
    """A circle around another: the inner one has `factor` times the radius.

    `size` points to train on, and half as many to test. `noise` is the deviation that is added to both coordinates,
    `seed` draws other points.
    """
    if not 0 < factor < 1:
        raise Refusal(text("`factor` is above 0 and below 1, not {factor:g}", factor=factor), "factor")
    return _points(2, size, noise, seed)


@dataset("netdsl.data.datasets.plane:load_xor", example="data xor noise=0.1")
def xor(*, size: int = 1_000, noise: float = 0.0, seed: int = 0) -> Facts:
    """The four quarters of a square; those that lie across from each other are one class.

    `size` points to train on, and half as many to test. `noise` is the deviation that is added to both coordinates,
    `seed` draws other points.
    """
    return _points(2, size, noise, seed)


def _points(classes: int, size: int, noise: float, seed: int) -> Facts:
    """What all of these data sets are, and refuse."""
    if size < 2 * classes:
        raise Refusal(
            text("each class needs two points: `size` is at least {least}, not {size}", least=2 * classes, size=size),
            "size",
        )
    if noise < 0:
        raise Refusal(text("`noise` is at least 0, not {noise:g}", noise=noise), "noise")
    if seed < 0:
        raise Refusal(text("`seed` is at least 0, not {seed}", seed=seed), "seed")
    return Facts((2,), classes, sizes=(size, size // 2))
