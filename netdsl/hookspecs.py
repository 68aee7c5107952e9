"""The hooks: what a plugin may hand to netdsl. Each returns components; none is called in a training step."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from netdsl.components import Dataset, Layer, Logger, Loss, Metric, Optimizer, Schedule, Transform

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
