"""What to say when memory runs out: how many samples would have fitted, found by trying."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import ceil
from time import monotonic

import torch

from netdsl.analysis.memory import activation_bytes, weight_bytes
from netdsl.core.errors import TrainingError
from netdsl.data import Data
from netdsl.data.free_memory import available
from netdsl.program import Experiment
from netdsl.training.learner import Learner
from netdsl.training.loop import update
from netdsl.training.machine.device import out_of_memory
from netdsl.training.reporting.numbers import amount

SECONDS = 20.0
"""What the search for a batch that fits may cost, about."""

NARROWINGS = 3


def explain(experiment: Experiment, data: Data, learner: Learner, error: BaseException, again: str) -> TrainingError:
    """What to tell of a training that took more memory than there is; `again` says how to go on.

    The net is of no use afterwards: steps are taken on made-up samples to find out how many of them fit.
    """
    traceback.clear_frames(error.__traceback__)  # which hold the activations
    _release(learner)
    batch, accumulate = data.train.batch, learner.settings.accumulate
    message = f"out of memory on {learner.device} in step {learner.step + 1:,}, with batches of {batch:,}"
    if not learner.team.alone:
        return TrainingError(message, f"write a smaller `batch=`, or use more processes; {again}")
    kind = torch.int64 if experiment.network.dtype == "index" else torch.float32
    size = largest(partial(_fits, learner, data.shape, kind), batch, _most(experiment, learner, batch))
    if not size:
        return TrainingError(f"{message}: not even one sample fits", f"make the net or its input smaller; {again}")
    parts = ceil(batch / size)
    fit = f"about {size:,} samples fit" if size > 1 else "a single sample fits"
    same = f"`--set data.batch={ceil(batch / parts)} --set train.accumulate={parts * accumulate}`"
    return TrainingError(f"{message}: {fit}", f"begin a new run with {same}, whose steps are the same; {again}")


@contextmanager
def room_for_weights(experiment: Experiment, device: torch.device) -> Iterator[None]:
    """Says that it is the net itself for which there is no memory, where that runs out before the first step."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        weights = f"{amount(weight_bytes(experiment.network))}B"
        message = f"out of memory on {device} before the first step: the weights alone take {weights}"
        raise TrainingError(
            message, "make the net or the data smaller, or `train shard=fsdp` over several GPUs"
        ) from error


def largest(fits: Callable[[int], bool], failed: int, most: int) -> int:
    """About the largest number below `failed` and up to `most` that fits: halved until it does, then narrowed down."""
    size, end = min(failed // 2, most), monotonic() + SECONDS
    while size and not fits(size):
        failed, size = size, size // 2
    for middle in ((size + failed) // 2 for _ in range(NARROWINGS)):
        if size < middle <= most and monotonic() < end:
            size, failed = (middle, failed) if fits(middle) else (size, middle)
    return size


def _most(experiment: Experiment, learner: Learner, batch: int) -> int:
    """How many samples are worth trying: a system that promises more memory than it has would end the process."""
    one = activation_bytes(experiment.network)
    if learner.device.type != "cpu" or not isinstance(one, int):
        return batch
    return available() // (2 * max(one, 1))


def _fits(learner: Learner, shape: tuple[int, ...], kind: torch.dtype, size: int) -> bool:
    try:
        _step(learner, torch.zeros(size, *shape, dtype=kind, device=learner.device))
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        traceback.clear_frames(error.__traceback__)
        return False
    finally:
        _release(learner)
    return True


def _step(learner: Learner, x: torch.Tensor) -> None:
    if len(x) > 1:
        learner.train()
    else:
        learner.module.eval()  # one sample by itself cannot be normalised
    with learner.autocast:
        output = learner.module(x)
    learner.scaler.scale(output.float().sum()).backward()
    update(learner)


def _release(learner: Learner) -> None:
    learner.optimizer.zero_grad()
    gc.collect()
    if learner.device.type != "cpu":
        torch.get_device_module(learner.device).empty_cache()
