"""The transforms of a `data` line as a chain: those that are done once, and those for every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor

from netdsl.builder import construct
from netdsl.components import Facts, Transform
from netdsl.data.inputs import Samples
from netdsl.data.random_stream import Moment
from netdsl.data.transforms.base import BatchTransform, Draws, OnInput, are_masks
from netdsl.data.transforms.values import Normalize, ToFloat
from netdsl.program import DataInput, Use


@dataclass(frozen=True, eq=False)
class Chain:
    """Transforms in order: those that are done when the data are read, and those for each batch."""

    once: tuple[BatchTransform, ...]
    steps: tuple[BatchTransform, ...]

    @property
    def random(self) -> bool:
        """Whether a batch can differ from epoch to epoch."""
        return any(step.random for step in self.steps)

    def prepare(self, x: Samples) -> Samples:
        """Applies to samples what is done once."""
        for step in self.once:
            x = step.apply(x)
        return x

    def __call__(self, x: Samples, y: Tensor, moment: Moment, share: slice | Tensor) -> tuple[Samples, Tensor]:
        """Transforms a batch. It holds the rows `share` of the global batch, for which the moment draws."""
        for step in self.steps:
            # drawn for the whole global batch, then cut to this rank's rows: any number of ranks sees the same images
            drawn = _on_device(step.draw_for(moment, x), share, x.device)
            y = step.act_on_masks(y, *drawn) if step.moves and are_masks(y, x) else step.act_on_targets(y, *drawn)
            x = step.apply(x, *drawn)
        return x, y

    def prepare_targets(self, x: Samples, y: Tensor) -> Tensor:
        """Applies what is done once to the targets of samples `x`, which are not prepared yet."""
        if not are_masks(y, x):
            return y
        for step in self.once:
            y = step.act_on_masks(y)
        return y


def _on_device(drawn: Draws, share: slice | Tensor, device: torch.device) -> Draws:
    return tuple(rows[share].to(device, non_blocking=True) for rows in drawn)


class Foreign(BatchTransform):
    """A transform of a plugin. It draws for itself, from a generator on the batch's device that the step seeds."""

    def __init__(self, function: Callable[[Tensor, torch.Generator], Tensor], random: bool) -> None:
        self.function = function
        self.random = random  # type: ignore[misc]  # each instance has its own

    def draw(self, moment: Moment, shape: torch.Size) -> Draws:
        """A seed for each sample; a rank uses the first of its share."""
        return (torch.randint(2**62, (len(moment),), generator=moment.generator),)

    def act(self, x: Tensor, *drawn: Tensor) -> Tensor:
        """The batch after the plugin's transform."""
        (seeds,) = drawn
        generator = torch.Generator(x.device).manual_seed(int(seeds[0]) if len(seeds) else 0)
        return self.function(x, generator)


def make_chain(uses: Sequence[Use[Transform]], facts: Facts, *, training: bool, unit: float, bytes_: bool) -> Chain:
    """The transforms of training or of testing, with the conversion to real numbers at the right place."""
    made = [_made(use, facts) for use in uses]
    wanted = [step if training else step.in_testing() for step in made]
    steps = [step for step in wanted if step is not None]
    if facts.dtype != "index":
        steps = _with_scale(steps, unit, bytes_)
    once = tuple(takewhile(lambda step: step.preserves_values and not step.random, steps))
    return Chain(once, tuple(steps[len(once) :]))


def make_joint_chain(
    inputs: Sequence[DataInput], facts: Facts, *, training: bool, unit: float, bytes_: Sequence[bool]
) -> Chain:
    """The transforms of several inputs; `bytes_` says which of them are bytes, of which `unit` stands for 1."""
    chains = []
    for fed, known, are_bytes in zip(inputs, facts.inputs, bytes_, strict=True):
        own, one = facts.with_inputs([known]), unit if are_bytes else 1.0
        chains.append((known.name, make_chain(fed.transforms, own, training=training, unit=one, bytes_=are_bytes)))
    return _join(chains)


def _join(chains: Sequence[tuple[str, Chain]]) -> Chain:
    """The chains of several inputs, by their names, as one."""
    led: set[type[BatchTransform]] = set()
    once: list[BatchTransform] = []
    steps: list[BatchTransform] = []
    for number, (name, chain) in enumerate(chains):
        # Targets are changed with the first of the inputs that a step acts on.
        for joined, own in ((once, chain.once), (steps, chain.steps)):
            joined += [OnInput(step, name, number, leads=type(step) not in led) for step in own]
        led.update(type(step) for step in (*chain.once, *chain.steps))
    return Chain(tuple(once), tuple(steps))


def undo_normalization(x: Tensor, uses: Sequence[Use[Transform]], facts: Facts) -> Tensor:
    """A batch with the last normalisation undone, for people to look at."""
    made = [_made(use, facts) for use in uses]
    last = next((step for step in reversed(made) if isinstance(step, Normalize)), None)
    if last is None:
        return x
    shape = (1, -1, *[1] * (x.dim() - 2))
    return x * torch.tensor(last.std).view(shape) + torch.tensor(last.mean).view(shape)


def _made(use: Use[Transform], facts: Facts) -> BatchTransform:
    found: Any = construct(use.call, **_filled(use, facts))
    return found if isinstance(found, BatchTransform) else Foreign(found, use.component.random)


def _filled(use: Use[Transform], facts: Facts) -> dict[str, Any]:
    """The arguments of a transform, with those that the file leaves to the data set."""
    known = {"mean": facts.mean, "std": facts.std, "classes": facts.classes}
    return {name: known[name] for name in use.component.parameters if name in known and not use.arguments.get(name)}


def _with_scale(steps: Sequence[BatchTransform], unit: float, bytes_: bool) -> list[BatchTransform]:
    """Puts the division by `unit` as late as possible, because bytes are moved faster than real numbers."""
    result: list[BatchTransform] = []
    stored = True
    for step in steps:
        if stored and not (step.preserves_values and not (step.interpolates and bytes_ and unit != 255)):
            stored = False
            if isinstance(step, Normalize):
                result.append(ToFloat(unit, step))
                continue
            result.append(ToFloat(unit))
        step.unit = unit if stored else 1.0
        result.append(step)
    if stored and (bytes_ or unit != 1):
        result.append(ToFloat(unit))
    return result
