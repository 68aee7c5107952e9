"""The training and the test part of a data set: `split`, `folds` and `limit`.

Nothing here depends on the seed of a run: runs with different seeds are tested on the same samples.
"""

from __future__ import annotations

from functools import partial

import torch

from netdsl.components.settings import DataSettings, count_held_out, fold_bounds
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.random_stream import LIMIT, SPLIT, permutation
from netdsl.data.samples import Part, Splits, pick

DEFAULT_SPLIT = 0.2


def divide(splits: Splits, settings: DataSettings, name: str) -> tuple[Part, Part]:
    """The training and the test part, as the settings ask for them."""
    train, test = splits.train, splits.test
    if splits.carry and settings.folds is not None:
        raise DataError(
            "`folds` cannot divide the samples of `stateful`, which continue each other", "leave one of them out"
        )
    if settings.folds is not None:
        train, test = _fold(train, settings.folds, settings.fold or 1, settings.split, name)
    elif settings.split == 0:  # all samples train; without a test part they test too
        test = train if test is None else test
    elif test is None or settings.split is not None:
        train, test = _split(train, settings.split or DEFAULT_SPLIT, name, in_order=splits.in_order)
    if not len(train):
        raise DataError(text("`data {dataset}` has no sample to train on", dataset=name))
    if not len(test):
        raise DataError(text("`data {dataset}` has no sample to test on", dataset=name))
    limited = partial(_limited, limit=settings.limit, in_order=splits.in_order)
    return limited(train), limited(test)


def _split(part: Part, share: float, name: str, *, in_order: bool) -> tuple[Part, Part]:
    """Splits a share off a part, its end, or at random but always the same samples. Both keep their order."""
    if not 0 < share < 1:
        raise DataError(
            text("`split` is the share of samples to test on: above 0 and below 1, not {share:g}", share=share),
            "write `split=0.2`",
        )
    held_out = count_held_out(len(part), share)
    if not 0 < held_out < len(part):
        raise DataError(
            text(
                "`split={share:g}` leaves a part of the {count} samples of `data {dataset}` empty",
                share=share,
                count=len(part),
                dataset=name,
            )
        )
    order = torch.arange(len(part)).flip(0) if in_order else permutation(len(part), SPLIT)
    return pick(part, order[held_out:].sort().values), pick(part, order[:held_out].sort().values)


def _fold(part: Part, folds: int, fold: int, split: float | None, name: str) -> tuple[Part, Part]:
    """Splits one fold off a part; the folds are the same for every net. Both keep their order."""
    if split is not None:
        raise DataError("`folds` and `split` both choose the test samples", "leave one of them out")
    if fold > folds:
        raise DataError(text("there is no fold {fold} of {folds}", fold=fold, folds=folds), "folds are counted from 1")
    if folds > len(part):
        raise DataError(
            text("`data {dataset}` has {count} samples for {folds} folds", dataset=name, count=len(part), folds=folds)
        )
    order = permutation(len(part), SPLIT)
    start, end = fold_bounds(len(part), folds, fold)
    rest = torch.cat((order[:start], order[end:]))
    return pick(part, rest.sort().values), pick(part, order[start:end].sort().values)


def _limited(part: Part, limit: int | None, *, in_order: bool) -> Part:
    """At most `limit` samples, the first ones, or at random but always the same ones, in their order."""
    if limit is None or limit >= len(part):
        return part
    if limit < 1:
        raise DataError(text("`limit` is at least 1, not {limit}", limit=limit))
    order = torch.arange(len(part)) if in_order else permutation(len(part), LIMIT)
    return pick(part, order[:limit].sort().values)
