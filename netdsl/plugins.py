"""Who is here: discovery of plugins, isolation of broken ones, and the registry of names."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import pluggy

from netdsl import hookspecs
from netdsl.components import (
    Component,
    Dataset,
    Layer,
    Logger,
    Loss,
    Metric,
    Optimizer,
    Schedule,
    Transform,
)
from netdsl.installed import entry_points

C = TypeVar("C", bound=Component)

HOOKS: Mapping[str, type[Component]] = {
    "netdsl_layers": Layer,
    "netdsl_datasets": Dataset,
    "netdsl_transforms": Transform,
    "netdsl_losses": Loss,
    "netdsl_optimizers": Optimizer,
    "netdsl_schedules": Schedule,
    "netdsl_metrics": Metric,
    "netdsl_loggers": Logger,
}


@dataclass(frozen=True)
class Registry:
    """The names of the language, by kind of component, and what went wrong while they were gathered."""

    components: Mapping[type[Component], Mapping[str, Component]]
    origins: Mapping[tuple[type[Component], str], str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def of(self, kind: type[C]) -> Mapping[str, C]:
        """Every component of a kind, by name."""
        return self.components.get(kind, {})  # type: ignore[return-value]  # gathered by kind

    @cached_property
    def layers(self) -> Mapping[str, Layer]:
        """Every layer, by name."""
        return self.of(Layer)


def plugin_manager(*, installed: bool = True) -> tuple[pluggy.PluginManager, list[str]]:
    """A fresh manager holding netdsl's own plugin and the installed ones, and the problems met on the way."""
    manager = pluggy.PluginManager("netdsl")
    manager.add_hookspecs(hookspecs)
    manager.register(importlib.import_module("netdsl.builtins"), "netdsl")
    problems = []
    for entry in entry_points() if installed else ():
        try:
            manager.register(entry.load(), entry.name)
        except Exception as error:  # a plugin may fail in any way; the command goes on
            problems.append(f"plugin `{entry.name}` cannot be loaded and is left out: {_describe(error)}")
    return manager, problems


def load_registry(*, installed: bool = True) -> Registry:
    """The names that netdsl's own plugin and, unless told otherwise, the installed ones bring."""
    manager, problems = plugin_manager(installed=installed)
    components: dict[type[Component], dict[str, Component]] = {kind: {} for kind in HOOKS.values()}
    origins: dict[tuple[type[Component], str], str] = {}
    for plugin, component in _contributions(manager, problems):
        kind = type(component)
        taken = origins.setdefault((kind, component.name), plugin)
        if taken != plugin:
            problems.append(
                f"plugin `{plugin}` brings the {kind.kind} `{component.name}`, which plugin `{taken}` has already; "
                f"the one of `{taken}` is used"
            )
            continue
        components[kind][component.name] = component
    return Registry(components, origins, tuple(problems))


def _contributions(manager: pluggy.PluginManager, problems: list[str]) -> Iterator[tuple[str, Component]]:
    for hook, kind in HOOKS.items():
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            try:
                found: Iterable[Any] = list(implementation.function())
            except Exception as error:  # likewise
                problems.append(f"plugin `{implementation.plugin_name}` fails in `{hook}`: {_describe(error)}")
                continue
            for component in found:
                if isinstance(component, kind):
                    yield implementation.plugin_name, component
                else:
                    problems.append(
                        f"plugin `{implementation.plugin_name}` returns {component!r} from `{hook}`, "
                        f"which is not a {kind.__name__}"
                    )


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
