"""netdsl's own plugin: the components that come with it, through the hooks that anyone may use."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import TypeVar

from netdsl.builtins import layers, loggers, losses, metrics, optimizers, schedules, transforms
from netdsl.builtins.datasets import local, torchvision_large, torchvision_small
from netdsl.components import Component, Dataset, Layer, Logger, Loss, Metric, Optimizer, Schedule, Transform
from netdsl.plugins.hookspecs import hookimpl

C = TypeVar("C", bound=Component)


@hookimpl
def netdsl_layers() -> Iterable[Layer]:
    """Every layer defined in the modules of `netdsl.builtins.layers`."""
    names = (info.name for info in pkgutil.iter_modules(layers.__path__))
    modules = (importlib.import_module(f"{layers.__name__}.{name}") for name in names)
    return [component for module in modules for component in _defined(module, Layer)]


@hookimpl
def netdsl_datasets() -> Iterable[Dataset]:
    """The digits that ship with netdsl, the user's own files, and torchvision's classification sets."""
    return [
        component for module in (local, torchvision_small, torchvision_large) for component in _defined(module, Dataset)
    ]


@hookimpl
def netdsl_transforms() -> Iterable[Transform]:
    """Every transform of `netdsl.builtins.transforms`."""
    return _defined(transforms, Transform)


@hookimpl
def netdsl_losses() -> Iterable[Loss]:
    """Every loss of `netdsl.builtins.losses`."""
    return _defined(losses, Loss)


@hookimpl
def netdsl_optimizers() -> Iterable[Optimizer]:
    """Every optimizer of `netdsl.builtins.optimizers`."""
    return _defined(optimizers, Optimizer)


@hookimpl
def netdsl_schedules() -> Iterable[Schedule]:
    """Every schedule of `netdsl.builtins.schedules`."""
    return _defined(schedules, Schedule)


@hookimpl
def netdsl_metrics() -> Iterable[Metric]:
    """Every metric of `netdsl.builtins.metrics`."""
    return _defined(metrics, Metric)


@hookimpl
def netdsl_loggers() -> Iterable[Logger]:
    """Every logger of `netdsl.builtins.loggers`."""
    return _defined(loggers, Logger)


def _defined(module: ModuleType, kind: type[C]) -> list[C]:
    return [value for value in vars(module).values() if isinstance(value, kind)]
