"""`speed=auto`: times a few steps of the run to come, and takes what is faster on this machine.

Which layout is faster depends on the net, the batch and the processor. It changes the order of sums, so what was chosen
is remembered: the same file on the same machine makes the same bits again.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from statistics import median
from typing import TypeVar

import torch
from torch import nn

from netdsl.core.files import user_cache
from netdsl.data import Data
from netdsl.program import Experiment
from netdsl.runs.files import write_json
from netdsl.training.assembly import assemble
from netdsl.training.evaluate import evaluate
from netdsl.training.learner import Learner
from netdsl.training.loop import Unwatched, train_epoch
from netdsl.training.machine.device import device_name, out_of_memory, wait
from netdsl.training.machine.memory_format import Choice, lay_out
from netdsl.training.schedules import Steps

SECONDS = 1.5
"""What a measurement may cost, about."""

TURNS = 8
STEPS = 2
WORTHWHILE = 500
"""Steps of a run for which measuring pays."""

MARGIN = 1.03
"""How much faster the less usual layout must be to be worth it."""

SMALL = 1 << 20
"""So many numbers of a test set may go through a net at once, whatever the net makes of them."""

Name = TypeVar("Name")
Action = Callable[[], int]
"""Does something and says how much of it."""


def choose(experiment: Experiment, data: Data, device: torch.device, steps: Steps) -> Choice:
    """What the file says; else what was found before for its like; else what a measurement finds."""
    wanted = experiment.train
    if wanted.speed != "auto" or steps < WORTHWHILE:
        choice = Choice("contiguous" if wanted.speed == "auto" else wanted.speed, data.test.batch)
    else:
        choice = _remembered(experiment, data, device, steps)
    return replace(choice, test_batch=wanted.test_batch) if wanted.test_batch else choice


def _remembered(experiment: Experiment, data: Data, device: torch.device, steps: Steps) -> Choice:
    memory = user_cache() / "netdsl" / "speed" / f"{_fingerprint(experiment, data, device)}.json"
    with suppress(OSError, ValueError, TypeError):
        return Choice(**json.loads(memory.read_text("utf-8")))
    choice = _measured(experiment, data, device, steps)
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_json(memory, asdict(choice))
    return choice


def _measured(experiment: Experiment, data: Data, device: torch.device, steps: Steps) -> Choice:
    defaults = Choice("contiguous", data.test.batch)
    if experiment.train.compile != "off":  # torch.compile lays images out by itself
        return defaults
    learner = assemble(experiment, device, steps)
    layout = defaults.layout
    if _convolves(learner.module):
        layouts = (layout, "channels_last")
        layout = fastest({name: _training(experiment, data, device, steps, name) for name in layouts}, device)
    laid_out = lay_out(learner, data, replace(defaults, layout=layout))
    return Choice(layout, fastest({size: _testing(learner, laid_out, size) for size in _test_sizes(data)}, device))


def _test_sizes(data: Data) -> list[int]:
    """The batch that the file asks for, four times as many, and a small test set whole."""
    batch, samples = data.test.batch, data.test.samples
    larger = {batch * 4} | ({samples} if samples * math.prod(data.shape) <= SMALL else set())
    return [batch, *sorted(size for size in larger if batch < size <= samples)]


def _training(experiment: Experiment, data: Data, device: torch.device, steps: Steps, layout: str) -> Action:
    learner = assemble(experiment, device, steps)
    laid_out = lay_out(learner, data, Choice(layout, data.test.batch))

    def advance() -> int:
        learner.epoch, learner.batch, learner.step = 0, 0, 0
        learner.steps = Steps(STEPS, steps.per_epoch)
        train_epoch(learner, laid_out.train, Unwatched())
        return 1

    return advance


def _testing(learner: Learner, data: Data, size: int) -> Action:
    learner.module.eval()

    def test() -> int:
        batch = next(iter(data.test.batched(size).epoch(0)))
        evaluate(learner.module, learner.loss, {}, [batch], learner.autocast)
        return len(batch.y)

    return test


def fastest(actions: Mapping[Name, Action], device: torch.device) -> Name:
    """The action that takes the least time for what it does; the first one unless another is clearly better."""
    fitting = [name for name, action in actions.items() if len(actions) == 1 or _fits(action)]
    if len(fitting) < 2:
        return next(iter(fitting or actions))
    times: dict[Name, list[float]] = {name: [] for name in fitting}
    began = time.perf_counter()
    for _ in range(TURNS):
        for name in fitting:
            times[name].append(_timed(actions[name], device))
        if time.perf_counter() - began > SECONDS:
            break
    first, *others = (median(times[name]) for name in fitting)
    best, seconds = min(zip(fitting[1:], others, strict=True), key=lambda pair: pair[1])
    return best if seconds * MARGIN < first else fitting[0]


def _fits(action: Action) -> bool:
    """Whether there is memory for an action, which is warm afterwards."""
    try:
        action()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        return False
    return True


def _timed(action: Action, device: torch.device) -> float:
    began = time.perf_counter()
    amount = action()
    wait(device)
    return (time.perf_counter() - began) / amount


def _convolves(module: nn.Module) -> bool:
    return any(parameter.dim() == 4 for parameter in module.parameters())


def _fingerprint(experiment: Experiment, data: Data, device: torch.device) -> str:
    """What the measurement depends on: the net, the batch, and the machine."""
    net = [f"{node.path} {node.call}" for node in experiment.network.walk()]
    work = [data.train.batch, data.test.batch, data.test.samples, experiment.optimizer]
    train = experiment.train
    numbers = [train.precision, train.tf32, train.deterministic]
    machine = [device_name(device), torch.__version__, platform.node(), platform.processor()]
    return hashlib.sha256("\n".join(map(str, [*net, *data.shape, *work, *numbers, *machine])).encode()).hexdigest()[:16]
