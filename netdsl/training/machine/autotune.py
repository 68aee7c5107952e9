"""`train speed=auto`: times a few steps of the run to come, and takes what is faster on this machine.

Which layout is faster depends on the net, the batch and the processor. The layout changes the order of sums, and so the
last bits of the results. Therefore a choice is made once for a net, a batch, a machine and a version of torch, and kept
in the user's cache: every later run is the same, bit for bit. And the usual layout stays unless the other is clearly
faster, so that chance does not decide between equals.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar

import torch

from netdsl.core.files import reason, user_cache
from netdsl.core.text import english, text
from netdsl.data import Data
from netdsl.program import Experiment
from netdsl.runs.files import write_json
from netdsl.training.assembly import assemble
from netdsl.training.loop import training_steps
from netdsl.training.machine.device import device_name, is_out_of_memory, wait
from netdsl.training.machine.lanes import require_separable
from netdsl.training.machine.memory_format import Choice, lay_out
from netdsl.training.schedules import Steps

SECONDS = 1.5
"""How long a measurement may take, about."""

TURNS, FEWEST = 8, 3
STEPS = 2
WORTHWHILE = 500
"""The number of steps from which a run is long enough for measuring to pay."""

LEAST = 0.005
"""Seconds of work in a turn: in less, the clock and the caches of the CPU would decide."""

MARGIN = 1.2
"""How many times as fast another layout must be: above what a busy machine makes of two equals, and below what layouts
make where they matter, which is a third and more.
"""

Name = TypeVar("Name")
Action = Callable[[], object]


def choose_settings(
    experiment: Experiment, data: Data, device: torch.device, steps: Steps, notify: Callable[[str], None]
) -> Choice:
    """How a run uses the machine: as the file says, or was chosen before, or is found by measuring.

    Raises:
        TrainingError: the net cannot be trained in the lanes that the file asks for.
    """
    wanted = experiment.train
    if wanted.speed != "auto" or steps < WORTHWHILE:
        choice = Choice("contiguous" if wanted.speed == "auto" else wanted.speed, data.test.batch)
    else:
        choice = _recall_or_measure(experiment, data, device, steps, notify)
    if wanted.lanes > 1:
        require_separable(experiment, data, device, assemble(experiment, device, steps).module)
    return replace(choice, lanes=wanted.lanes, test_batch=wanted.test_batch or choice.test_batch)


def _recall_or_measure(
    experiment: Experiment, data: Data, device: torch.device, steps: Steps, notify: Callable[[str], None]
) -> Choice:
    path = user_cache() / "netdsl" / "speed" / f"{_fingerprint(experiment, data, device)}.json"
    if found := _recall(path):
        return found
    choice = _measure(experiment, data, device, steps)
    try:
        return _remember(path, choice)
    except OSError as error:
        notify(
            text(
                "note: the choice of `speed=auto` cannot be kept in `{folder}`: {reason}; "
                "write `train {choice}` for the same results each time",
                folder=path.parent,
                reason=reason(error),
                choice=choice,
            )
        )
        return choice


def _recall(path: Path) -> Choice | None:
    with suppress(OSError, ValueError, TypeError):
        return Choice(**json.loads(path.read_text("utf-8")))
    return None


def _remember(path: Path, choice: Choice) -> Choice:
    """Keeps a choice; of several runs that measure at once, the first one decides for all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(asdict(choice)))
    except FileExistsError:
        if found := _recall(path):
            return found
        write_json(path, asdict(choice))  # over a file that is damaged
    return choice


def _measure(experiment: Experiment, data: Data, device: torch.device, steps: Steps) -> Choice:
    defaults = Choice("contiguous", data.test.batch)
    if experiment.train.compile != "off":  # torch's compiler chooses the layout of images itself
        return defaults
    if not any(parameter.dim() == 4 for parameter in assemble(experiment, device, steps).module.parameters()):
        return defaults  # no convolution, to which the layout would matter
    layouts = (defaults.layout, "channels_last")
    actions = {layout: _training(experiment, data, device, steps, layout) for layout in layouts}
    return replace(defaults, layout=find_fastest(actions, device))


def _training(experiment: Experiment, data: Data, device: torch.device, steps: Steps, layout: str) -> Action:
    learner = assemble(experiment, device, steps)
    laid_out = lay_out(learner, data, Choice(layout, data.test.batch))

    def advance() -> None:
        learner.epoch, learner.batch, learner.step = 0, 0, 0
        learner.steps = Steps(STEPS, steps.per_epoch)
        for _ in training_steps(learner, laid_out.train):
            pass

    return advance


def find_fastest(actions: Mapping[Name, Action], device: torch.device) -> Name:
    """The action that takes the least time for its work; an earlier one unless a later one is clearly faster.

    The actions take turns, so that a machine that is slow for a while is slow for all of them. The best turns are
    compared, which other programs disturb least; a later action wins if its own is `MARGIN` times as fast.
    """
    fitting = [name for name, action in actions.items() if len(actions) == 1 or _fits(action)]
    if len(fitting) < 2:
        return next(iter(fitting or actions))
    times: dict[Name, list[float]] = {name: [] for name in fitting}
    began = time.perf_counter()
    with _undisturbed(device) as clock:
        for turn in range(TURNS):
            for name in fitting:
                times[name].append(_time(actions[name], device, clock))
            if turn >= FEWEST and time.perf_counter() - began > SECONDS:
                break
    best = fitting[0]
    for name in fitting[1:]:
        if min(times[best]) / min(times[name]) > MARGIN:
            best = name
    return best


def _fits(action: Action) -> bool:
    """Whether there is memory for an action; afterwards its kernels are chosen and its caches are warm."""
    try:
        action()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True


@contextmanager
def _undisturbed(device: torch.device) -> Iterator[Callable[[], float]]:
    """A clock that other programs disturb little: of a CPU, the time that the calling thread computes.

    torch computes in that thread alone meanwhile, for several would wait for each other, and for other programs.
    """
    if device.type != "cpu":
        yield time.perf_counter
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield time.thread_time
    finally:
        torch.set_num_threads(threads)


def _time(action: Action, device: torch.device, clock: Callable[[], float]) -> float:
    began, times, seconds = clock(), 0, 0.0
    while seconds < LEAST:
        action()
        wait(device)
        times, seconds = times + 1, clock() - began
    return seconds / times


def _fingerprint(experiment: Experiment, data: Data, device: torch.device) -> str:
    """What a choice depends on: the net, the batch, and the machine."""
    net = [f"{node.path} {node.call}" for node in experiment.network.walk()]
    work = [data.train.batch, data.test.batch, data.test.samples, experiment.optimizer]
    train = experiment.train
    numbers = [train.precision, train.tf32, train.deterministic]
    machine = [english(device_name(device)), torch.__version__, platform.node(), platform.processor()]
    return hashlib.sha256("\n".join(map(str, [*net, *data.shapes, *work, *numbers, *machine])).encode()).hexdigest()[
        :16
    ]
