"""`netdsl bench`: where a training step's time goes, and how long the course's loop takes for the same."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil
from statistics import median
from typing import Any

import torch

from netdsl.bench.reference_loop import CourseLoop
from netdsl.core.errors import TrainingError
from netdsl.data import Batch, open_data
from netdsl.program import Experiment
from netdsl.training.assembly import assemble
from netdsl.training.learner import Learner
from netdsl.training.loop import Unwatched, train_epoch, update
from netdsl.training.machine.autotune import choose
from netdsl.training.machine.compile import explain_compile_errors
from netdsl.training.machine.device import choose_device, device_name, timed
from netdsl.training.machine.memory_format import Choice, lay_out
from netdsl.training.machine.numerics import numerics
from netdsl.training.machine.precision import gain
from netdsl.training.schedules import Steps

PHASES = ("data", "forward", "backward", "optimizer")
ROUNDS = 5
LONG = 1_000_000
"""Steps of the run that the measurement stands for: enough for `speed=auto` to measure."""


@dataclass(frozen=True)
class Bench:
    """What was measured.

    Args:
        steps: how many steps a round had, of which there were `rounds`.
        rate: training samples a second.
        step: the milliseconds of a step, in the loop as it is.
        phases: the milliseconds of each phase of a step, each waited for.
        first: the seconds of the first step, where compilation and the choice of kernels happen.
        memory: the peak, in bytes: of the device where it counts, else of the process; None where neither is known.
        course: the milliseconds of a step of the course's loop.
        ratio: how many times as fast as the course's loop, the median over the rounds.
        gain: how many times as fast as in fp32 the device does what such a net mostly does, in the run's precision.
    """

    device: str
    choice: Choice
    batch: int
    steps: int
    rounds: int
    rate: float
    step: float
    phases: dict[str, float]
    first: float
    memory: int | None
    course: float
    ratio: float
    gain: float


def bench(experiment: Experiment, device: str = "auto", steps: int = 50) -> Bench:
    """Measures a training step as a run would take it; nothing is written, and no weights are kept."""
    if experiment.data is None:
        raise TrainingError(f"`{experiment.source.name}` has no `data` line", "write one, such as `data digits`")
    place = choose_device(device)
    data = open_data(experiment.data, place, seed=experiment.train.seed)
    try:
        if not data.train.batches:
            raise TrainingError("the training set is empty, or `drop_last` leaves no batch of it")
        per_epoch = ceil(data.train.batches / experiment.train.accumulate)
        length = Steps(LONG, per_epoch)
        with numerics(place, experiment.train):  # or what is remembered for runs would be found in another way
            choice = choose(experiment, data, place, length)
        learner = assemble(experiment, place, length)
        ours = Loop(learner, lay_out(learner, data, choice).train)
        with explain_compile_errors():
            first = timed(lambda: ours.advance(1), place)
        phases = ours.phases(steps)
        memory = peak(place)
        course = CourseLoop(experiment, data.facts, place)
        turns = [(partial(ours.advance, steps), partial(course.advance, steps * experiment.train.accumulate))] * ROUNDS
        rounds = [tuple(timed(loop, place) / steps for loop in pair) for pair in turns][1:]  # one warms up
    finally:
        data.close()
    mine, theirs = zip(*rounds, strict=True)
    return Bench(
        device=device_name(place),
        choice=choice,
        batch=data.train.batch * experiment.train.accumulate,
        steps=steps,
        rounds=len(mine),
        rate=data.train.samples / per_epoch / median(mine),
        step=median(mine) * 1e3,
        phases=phases,
        first=first,
        memory=memory,
        course=median(theirs) * 1e3,
        ratio=median(his / my for my, his in zip(mine, theirs, strict=True)),
        gain=gain(experiment.network, experiment.train.precision, place),
    )


class Loop:
    """The loop of `netdsl run`, without the run around it."""

    def __init__(self, learner: Learner, pipeline: Any) -> None:
        self.learner, self.pipeline = learner, pipeline

    def advance(self, steps: int) -> None:
        """Takes some steps, over as many epochs as they need."""
        learner = self.learner
        goal = learner.step + steps
        with numerics(learner.device, learner.settings):
            while learner.step < goal:
                learner.steps = Steps(goal, learner.steps.per_epoch)
                train_epoch(learner, self.pipeline, Unwatched())
                if learner.batch >= self.pipeline.batches:
                    learner.epoch, learner.batch = learner.epoch + 1, 0

    def phases(self, steps: int) -> dict[str, float]:
        """The milliseconds of a step's phases, the median over some steps: the loop's own parts, one by one."""
        learner, clock = self.learner, make_clock(self.learner.device)
        learner.train()
        batches = self._batches()
        with numerics(learner.device, learner.settings):
            for _ in range(steps):
                self._step(batches, clock)
        return {name: median(times) for name, times in clock.times().items()}

    def _step(self, batches: Iterator[Batch], clock: Clock) -> None:
        learner = self.learner
        for _ in range(learner.settings.accumulate):
            clock.phase("data")
            x, y = next(batches)
            clock.phase("forward")
            with learner.autocast:
                output = learner.model(x)
            loss = learner.loss(output.float(), y)
            clock.phase("backward")
            learner.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch's own
        clock.phase("optimizer")
        update(learner)
        clock.end_step()

    def _batches(self) -> Iterator[Batch]:
        epoch = 0
        while True:
            yield from self.pipeline.epoch(epoch)
            epoch += 1


class Clock:
    """Notes when each phase begins, and adds up what each took in a step."""

    def __init__(self) -> None:
        self._marks: list[tuple[str, Any]] = []

    def phase(self, name: str) -> None:
        """A phase begins, and the one before ends."""
        self._marks.append((name, self.now()))

    def end_step(self) -> None:
        """The last phase of a step ends."""
        self.phase("")

    def times(self) -> dict[str, list[float]]:
        """The milliseconds of each phase, a number a step."""
        found: dict[str, list[float]] = {name: [] for name in PHASES}
        step = dict.fromkeys(PHASES, 0.0)
        for (name, begin), (_, end) in zip(self._marks, [*self._marks[1:], ("", None)], strict=True):
            if name:
                step[name] += self.between(begin, end)
                continue
            for phase, milliseconds in step.items():
                found[phase].append(milliseconds)
            step = dict.fromkeys(PHASES, 0.0)
        return found

    def now(self) -> Any:
        """A mark in time."""
        return time.perf_counter()

    def between(self, begin: Any, end: Any) -> float:
        """The milliseconds between two marks."""
        return float(end - begin) * 1e3


class CudaClock(Clock):
    """Marks the device's own stream: nothing is waited for before all is over."""

    def now(self) -> Any:
        """An event, recorded when the device has done what it was asked to before."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch's own
        event.record()
        return event

    def times(self) -> dict[str, list[float]]:
        """The milliseconds of each phase, a number a step."""
        torch.cuda.synchronize()
        return super().times()

    def between(self, begin: Any, end: Any) -> float:
        """The milliseconds between two events."""
        return float(begin.elapsed_time(end))


def make_clock(device: torch.device) -> Clock:
    """The clock that tells what a device is busy with."""
    return CudaClock() if device.type == "cuda" else Clock()


def peak(device: torch.device) -> int | None:
    """The most bytes that were in use, of the tensors on a CUDA device, else of the process; Windows does not say."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    import resource  # which only Unix has

    try:
        with open("/proc/self/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        return int(status["VmHWM"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):  # not Linux, where `getrusage` would count the shell that started us too
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
