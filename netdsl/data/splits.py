"""Which samples train and which test: the parts of a data set, `split` and `limit`.

Nothing here depends on the seed of a run: runs that differ in it are measured on the same test set.
"""

from __future__ import annotations

from netdsl.components.settings import DataSettings
from netdsl.core.errors import DataError
from netdsl.data.random_stream import LIMIT, SPLIT, permutation
from netdsl.data.samples import Part, Splits, pick

DEFAULT_SPLIT = 0.2


def divide(splits: Splits, settings: DataSettings, name: str) -> tuple[Part, Part]:
    """The training and the test part, as the settings ask for them."""
    train, test = splits.train, splits.test
    if test is None or settings.split is not None:
        train, test = _split(train, settings.split or DEFAULT_SPLIT, name)
    for part, what in ((train, "train on"), (test, "test on")):
        if not len(part):
            raise DataError(f"`data {name}` has nothing to {what}")
    return _limited(train, settings.limit), _limited(test, settings.limit)


def _split(part: Part, share: float, name: str) -> tuple[Part, Part]:
    """Holds a share out of a part, chosen at random once and for all, both in their old order."""
    if not 0 < share < 1:
        raise DataError(f"`split` is the share that tests, between 0 and 1; {share:g} is not", "write `split=0.2`")
    held_out = round(len(part) * share)
    if not 0 < held_out < len(part):
        raise DataError(f"`split={share:g}` leaves a part of the {len(part)} samples of `data {name}` empty")
    order = permutation(len(part), SPLIT)
    return pick(part, order[held_out:].sort().values), pick(part, order[:held_out].sort().values)


def _limited(part: Part, limit: int | None) -> Part:
    """At most `limit` samples, chosen at random once and for all, in their old order."""
    if limit is None or limit >= len(part):
        return part
    if limit < 1:
        raise DataError(f"`limit` is at least 1, not {limit}")
    return pick(part, permutation(len(part), LIMIT)[:limit].sort().values)
