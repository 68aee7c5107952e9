"""What to say when memory runs out: how many samples would have fitted, which is found by trying."""

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
from netdsl.core.text import Text, text
from netdsl.data import Data
from netdsl.data.free_memory import available
from netdsl.data.inputs import InputTensors, Samples
from netdsl.program import Experiment, Network
from netdsl.training.learner import Learner
from netdsl.training.loop import update
from netdsl.training.machine.device import is_out_of_memory
from netdsl.training.reporting.numbers import amount

SECONDS = 20.0
"""How long the search for a batch that fits may take, about."""

NARROWINGS = 3


def explain_out_of_memory(
    experiment: Experiment, data: Data, learner: Learner, error: BaseException, how_to_go_on: Text
) -> TrainingError:
    """The error of a training that took more memory than there is. It says how many samples would have fitted.

    The net is of no use afterwards: steps are taken on made-up samples to find that number.
    """
    traceback.clear_frames(error.__traceback__)  # their local variables hold the activations
    _release(learner)
    batch, accumulate = data.train.batch, learner.settings.accumulate
    place = {"device": learner.device, "step": learner.step + 1, "batch": batch}
    if not learner.team.alone:
        return TrainingError(
            text("out of memory on {device} in step {step:,}, with batches of {batch:,}", **place),
            text("write a smaller `batch=`, or use more processes; {how_to_go_on}", how_to_go_on=how_to_go_on),
        )
    most = _bound_by_free_memory(experiment, learner, batch)
    size = find_largest(partial(_fits, learner, partial(_make_up, experiment.network, data)), batch, most)
    if not size:
        return TrainingError(
            text(
                "out of memory on {device} in step {step:,}, with batches of {batch:,}: not even one sample fits",
                **place,
            ),
            text("make the net or its input smaller; {how_to_go_on}", how_to_go_on=how_to_go_on),
        )
    parts = ceil(batch / size)
    template = (
        "out of memory on {device} in step {step:,}, with batches of {batch:,}: a single sample fits"
        if size == 1
        else "out of memory on {device} in step {step:,}, with batches of {batch:,}: about {size:,} samples fit"
    )
    return TrainingError(
        text(template, **place, size=size),
        text(
            "begin a new run with `--set data.batch={part} --set train.accumulate={accumulate}`, whose steps are the "
            "same; {how_to_go_on}",
            part=ceil(batch / parts),
            accumulate=parts * accumulate,
            how_to_go_on=how_to_go_on,
        ),
    )


@contextmanager
def explain_no_room(experiment: Experiment, device: torch.device) -> Iterator[None]:
    """Turns the lack of memory before the first step into an error that says how much the net itself takes.

    Raises:
        TrainingError: in the place of torch's error.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            text(
                "out of memory on {device} before the first step: the weights alone take {size}B",
                device=device,
                size=amount(weight_bytes(experiment.network)),
            ),
            "make the net or the data smaller, or write `train shard=fsdp` to use several GPUs",
        ) from error


def find_largest(fits: Callable[[int], bool], failed: int, most: int) -> int:
    """About the largest number below `failed` and up to `most` that fits: it is halved until it fits, then raised."""
    size, end = min(failed // 2, most), monotonic() + SECONDS
    while size and not fits(size):
        failed, size = size, size // 2
    for middle in ((size + failed) // 2 for _ in range(NARROWINGS)):
        if size < middle <= most and monotonic() < end:
            size, failed = (middle, failed) if fits(middle) else (size, middle)
    return size


def _bound_by_free_memory(experiment: Experiment, learner: Learner, batch: int) -> int:
    """How many samples may be tried: Linux promises more memory than it has, and kills a process that uses it."""
    one = activation_bytes(experiment.network)
    if learner.device.type != "cpu" or not isinstance(one, int):
        return batch
    return available() // (2 * max(one, 1))  # twice: the gradients take as much as the activations


def _make_up(network: Network, data: Data, device: torch.device, size: int) -> Samples:
    """So many samples of zeros."""
    made = {
        one.name: torch.zeros(size, *shape, dtype=torch.int64 if one.dtype == "index" else torch.float32, device=device)
        for one, shape in zip(network.all_inputs, data.shapes, strict=True)
    }
    return InputTensors(made).select(tuple(made))


def _fits(learner: Learner, make_up: Callable[[torch.device, int], Samples], size: int) -> bool:
    try:
        _step(learner, make_up(learner.device, size))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        traceback.clear_frames(error.__traceback__)
        return False
    finally:
        _release(learner)
    return True


def _step(learner: Learner, x: Samples) -> None:
    if len(x) > 1:
        learner.train()
    else:
        learner.module.eval()  # a batch normalisation refuses a single sample in training mode
    with learner.autocast:
        output = learner.module(x)
    learner.scaler.scale(output.float().sum()).backward()
    update(learner)


def _release(learner: Learner) -> None:
    learner.optimizer.zero_grad()
    gc.collect()
    if learner.device.type != "cpu":
        torch.get_device_module(learner.device).empty_cache()
