"""netdsl's own plugin: the components that come with it, through the hooks that anyone may use."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

from netdsl.builtins import layers
from netdsl.components import Layer
from netdsl.hookspecs import hookimpl


@hookimpl
def netdsl_layers() -> Iterable[Layer]:
    """Every layer defined in the modules of `netdsl.builtins.layers`."""
    names = (info.name for info in pkgutil.iter_modules(layers.__path__))
    modules = (importlib.import_module(f"{layers.__name__}.{name}") for name in names)
    return [component for module in modules for component in _defined(module, Layer)]


def _defined(module: ModuleType, kind: type[Layer]) -> list[Layer]:
    return [value for value in vars(module).values() if isinstance(value, kind)]
