"""The hooks: what a plugin may hand to netdsl. None is called in a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pluggy

from netdsl.components import Dataset, Layer, Logger, Loss, Metric, Optimizer, Schedule, Transform

if TYPE_CHECKING:
    import click

    from netdsl.diagnostics import Diagnostic
    from netdsl.lints.program import Program

hookspec = pluggy.HookspecMarker("netdsl")
hookimpl = pluggy.HookimplMarker("netdsl")


@hookspec
def netdsl_layers() -> Iterable[Layer]:
    """Layers: names that a net may use."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_datasets() -> Iterable[Dataset]:
    """Data sets: names that a `data` line may use."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_transforms() -> Iterable[Transform]:
    """Transforms: names that the body of a `data` line may use."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_losses() -> Iterable[Loss]:
    """Losses: names that a `loss` line may use."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_optimizers() -> Iterable[Optimizer]:
    """Optimizers: names that an `optimizer` line may use."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_schedules() -> Iterable[Schedule]:
    """Learning-rate schedules: names that a `schedule` line may use."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_metrics() -> Iterable[Metric]:
    """Metrics: names that a `metrics` line may use."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_loggers() -> Iterable[Logger]:
    """Loggers: names that a `logger` line may use."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_lints() -> Iterable[Callable[[Program], Iterator[Diagnostic]]]:
    """Lints: rules over a checked program without errors, each a function that yields warnings.

    A warning's code is the plugin's own, three letters and a number from 900 to 999: `EXA901`.
    """
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_commands() -> Iterable[click.Command]:
    """Commands: `netdsl NAME` for each. They are asked for only where NAME is no command of netdsl's own."""
    raise AssertionError("a specification is never called")
