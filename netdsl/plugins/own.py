"""netdsl's own plugin: the components that come with it, through the hooks that anyone may use.

The components of a kind lie in the module, or in the modules of the folder, that is named after it: losses in
`builtins/losses.py`, layers in `builtins/layers/`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

from netdsl import builtins
from netdsl.components import Component
from netdsl.plugins.hookspecs import HOOKS, hookimpl


def _implement(hook: str, kind: type[Component]) -> Callable[[], Iterable[Component]]:
    """The hook that brings every component of a kind."""

    def implementation() -> Iterable[Component]:
        home = importlib.import_module(f"{builtins.__name__}.{hook.removeprefix('netdsl_')}")
        return [value for module in _modules(home) for value in vars(module).values() if isinstance(value, kind)]

    implementation.__name__ = implementation.__qualname__ = hook
    return hookimpl(implementation)


def _modules(home: ModuleType) -> Iterator[ModuleType]:
    """A module, or those of a folder: first the ones that its `__all__` lists, then the others by name."""
    if not hasattr(home, "__path__"):
        yield home
        return
    found = [info.name for info in pkgutil.iter_modules(home.__path__)]
    for name in dict.fromkeys([*getattr(home, "__all__", ()), *found]):
        yield importlib.import_module(f"{home.__name__}.{name}")


globals().update({hook: _implement(hook, kind) for hook, kind in HOOKS.items()})  # pluggy reads a module's functions
