"""Some samples of a data set, as they are stored and as they reach the net."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from netdsl.components import Facts
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.inputs import Samples
from netdsl.data.open import read
from netdsl.data.random_stream import AUGMENT, Moment
from netdsl.data.samples import Chosen, Part, Tensors
from netdsl.data.storage import Session, for_workers
from netdsl.data.transform_chain import Chain
from netdsl.data.worker_reader import Broken, Key, Reader
from netdsl.program import DataUse


class OneSample(NamedTuple):
    """A sample: stored, as it reaches the net, its target, and what becomes of the target on the way to the net."""

    raw: Samples
    x: Samples
    target: Tensor
    y: Tensor


def read_test_sample(use: DataUse, facts: Facts, index: int, seed: int) -> OneSample:
    """A sample of the test set, counted from 0, with the transforms of testing.

    Raises:
        DataError: there is no such sample, or it cannot be read.
    """
    server, (train, test) = read(use, Session(torch.device("cpu"), seed))
    if not 0 <= index < len(test):
        raise DataError(
            text("the test set has no sample {index}", index=index), text("samples are 0…{last}", last=len(test) - 1)
        )
    return take_sample(test, server.chains(facts, train)[1], index, seed)


def take_sample(part: Part, chain: Chain, index: int, seed: int) -> OneSample:
    """A sample of a part, taken through a chain."""
    raw: Samples
    if isinstance(part, Tensors):
        raw, target = part.x[index], part.y[index]
    else:
        found = Reader(part)[Key(index)]
        if isinstance(found, Broken):
            raise DataError(str(found))
        raw, target = found[0], torch.as_tensor(found[1])
    x, y = transform_some(part, chain, torch.tensor([index]), seed)
    return OneSample(raw, x[0], target, y[0])


def transform_some(part: Part, chain: Chain, indices: Tensor, seed: int) -> tuple[Samples, Tensor]:
    """Samples of a part and their targets as they reach the net in the first epoch."""
    moment = Moment(indices, 0, (AUGMENT, seed, 0, 0))
    if isinstance(part, Tensors):
        some = part.pick(indices)
        y = chain.prepare_targets(some.x, some.y)
        return chain(chain.prepare(some.x), y, moment, slice(0, len(indices)))
    first, rest = for_workers(chain)
    chosen = Chosen(part, indices)
    raw = Reader(chosen, first).collate([Reader(chosen, first)[Key(place)] for place in range(len(indices))])
    assert isinstance(raw, tuple)
    return rest(raw.x, raw.y, moment, raw.places)
