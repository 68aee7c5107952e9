"""The whiteboard notation for neural networks, made executable.

>>> import netdsl
>>> net = netdsl.shapes("input 3x32x32; conv 32 k5 p2; maxpool 2; flatten; linear 10")
>>> [node.out for node in net.nodes]
[(32, 32, 32), (32, 16, 16), (8192,), (10,)]
>>> net.params
84362

Importing netdsl imports neither torch nor anything slow: the names below are fetched when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from netdsl.api import build, check, draw, from_module, load, look, shapes, survey, train
    from netdsl.core.errors import NetError
    from netdsl.plugins.hookspecs import hookimpl

__version__ = "0.1.0"

__all__ = [
    "NetError", "__version__", "build", "check", "draw", "from_module", "hookimpl", "load", "look", "shapes",
    "survey", "train",
]  # fmt: skip

_HOMES = {"NetError": "netdsl.core.errors", "hookimpl": "netdsl.plugins.hookspecs"}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext netdsl` calls: gives a notebook the magic `%%net`, and completes its cells."""
    from netdsl.notebook import add_completion, add_magics

    add_magics(shell)
    add_completion(shell)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "netdsl.api")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
