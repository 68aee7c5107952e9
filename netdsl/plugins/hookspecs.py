"""The hooks: what a plugin may hand to netdsl. None is called in a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pluggy

from netdsl.components import Dataset, Layer, Logger, Loss, Metric, Optimizer, Schedule, Transform

if TYPE_CHECKING:
    import click

    from netdsl.core.diagnostics import Diagnostic
    from netdsl.lints.program import Program
    from netdsl.runs.history import Epoch, RunInfo

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


@hookspec
def netdsl_run_started(run: RunInfo) -> str | None:
    """A run is about to take its first step, or its first one after `--resume`. A reason that is returned forbids it.

    Of several processes that train together, the first calls this and the two hooks below. A plugin that fails in one
    of the three is told once and called no more; training goes on with the same random numbers as without it.
    """
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_epoch_ended(run: RunInfo, epoch: Epoch) -> str | None:
    """An epoch has been tested. A reason that is returned ends the run here, as if patience were lost."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_run_ended(run: RunInfo, status: str) -> None:
    """A run that was started is over: `finished`, `stopped` by a signal, which saved it, or `failed`."""
    raise AssertionError("a specification is never called")
