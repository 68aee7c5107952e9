"""Every code that netdsl's own diagnostics carry, found where it is declared. Only `--explain` looks for them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType

from netdsl import checker, language, lints
from netdsl.core.diagnostics import Code

PACKAGES = (language, checker, lints)
"""The packages that report diagnostics; a test finds a code that is declared elsewhere."""


@cache
def all_codes() -> Mapping[str, Code]:
    """The codes of netdsl in the order of their numbers."""
    found = {str(code): code for package in PACKAGES for module in _modules(package) for code in _declared(module)}
    return {name: found[name] for name in sorted(found)}


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(info.name)


def _declared(module: ModuleType) -> Iterator[Code]:
    return (value for value in vars(module).values() if isinstance(value, Code))
