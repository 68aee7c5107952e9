"""`netdsl bench`: where the time of a training step goes, and how long the loop of a first course takes for one."""

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
from netdsl.checker.experiment.data_line import advise_data
from netdsl.core.errors import TrainingError
from netdsl.core.text import text
from netdsl.data import Batch, Pipeline, open_data
from netdsl.program import Experiment
from netdsl.training.assembly import assemble
from netdsl.training.learner import Learner
from netdsl.training.loop import training_steps, update
from netdsl.training.machine.autotune import choose_settings
from netdsl.training.machine.compile import explain_compile_errors
from netdsl.training.machine.device import choose_device, device_name, measure
from netdsl.training.machine.memory_format import Choice, lay_out
from netdsl.training.machine.numerics import numerics
from netdsl.training.machine.precision import measure_gain
from netdsl.training.schedules import Steps

PHASES = ("data", "forward", "backward", "optimizer")
ROUNDS = 5
LONG = 1_000_000
"""The steps of the run that the measurement stands for: enough for `speed=auto` to measure."""


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
        raise TrainingError(
            text("`{name}` has no `data` line", name=experiment.source.name), advise_data(experiment.network)
        )
    place = choose_device(device)
    data = open_data(experiment.data, place, seed=experiment.train.seed)
    try:
        if not data.train.batches:
            raise TrainingError("the training set is empty, or `drop_last` leaves no batch of it")
        per_epoch = ceil(data.train.batches / experiment.train.accumulate)
        length = Steps(LONG, per_epoch)
        # The choice may be kept for later runs, so it must be measured as a run would measure it.
        with numerics(place, experiment.train):
            choice = choose_settings(experiment, data, place, length, notify=lambda _: None)
        learner = assemble(experiment, place, length)
        ours = Loop(learner, lay_out(learner, data, choice).train)
        with explain_compile_errors():
            first = measure(lambda: ours.advance(1), place)
        phases = ours.phases(steps)
        memory = peak(place)
        course = CourseLoop(experiment, data.facts, place)
        turns = [(partial(ours.advance, steps), partial(course.advance, steps * experiment.train.accumulate))] * ROUNDS
        rounds = [tuple(measure(loop, place) / steps for loop in pair) for pair in turns][1:]  # the first warms up
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
        gain=measure_gain(experiment.network, experiment.train.precision, place),
    )


class Loop:
    """The loop of `netdsl run`, without the run around it."""

    def __init__(self, learner: Learner, pipeline: Pipeline) -> None:
        self.learner, self.pipeline = learner, pipeline

    def advance(self, steps: int) -> None:
        """Takes some steps, over as many epochs as they need."""
        learner = self.learner
        goal = learner.step + steps
        with numerics(learner.device, learner.settings):
            while learner.step < goal:
                learner.steps = Steps(goal, learner.steps.per_epoch)
                for _ in training_steps(learner, self.pipeline):
                    pass
                if learner.batch >= self.pipeline.batches:
                    learner.epoch, learner.batch = learner.epoch + 1, 0

    def phases(self, steps: int) -> dict[str, float]:
        """The milliseconds of each phase of a step, the median over some steps."""
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


Mark = Any
"""A mark in time: seconds, or an event of the device."""


class Clock:
    """Notes when each phase begins, and adds up the time of each in a step."""

    def __init__(self) -> None:
        self._marks: list[tuple[str, Mark]] = []

    def phase(self, name: str) -> None:
        """Begins a phase, and ends the one before."""
        self._marks.append((name, self.now()))

    def end_step(self) -> None:
        """Ends the last phase of a step."""
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

    def now(self) -> Mark:
        """A mark in time."""
        return time.perf_counter()

    def between(self, begin: Mark, end: Mark) -> float:
        """The milliseconds between two marks."""
        return float(end - begin) * 1e3


class CudaClock(Clock):
    """Marks the device's own stream. Nothing waits for the device before all steps are taken."""

    def now(self) -> Mark:
        """An event, recorded when the device has done what it was asked to do before."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch's own
        event.record()
        return event

    def times(self) -> dict[str, list[float]]:
        """The milliseconds of each phase, a number a step."""
        torch.cuda.synchronize()
        return super().times()

    def between(self, begin: Mark, end: Mark) -> float:
        """The milliseconds between two events."""
        return float(begin.elapsed_time(end))


def make_clock(device: torch.device) -> Clock:
    """The clock for a device."""
    return CudaClock() if device.type == "cuda" else Clock()


def peak(device: torch.device) -> int | None:
    """The most bytes in use so far: of the tensors on a CUDA device, else of the process; None on Windows."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    import resource  # only Unix has it

    try:
        with open("/proc/self/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        return int(status["VmHWM"].split()[0]) * 1024
    except (
        OSError,
        KeyError,
        ValueError,
    ):  # not Linux, whose `getrusage` counts the parent shell too
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
