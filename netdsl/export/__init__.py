"""A checked net for other tools: each target of `netdsl export --to NAME` is a module of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol

from netdsl.program import Network


class Exporter(Protocol):
    """The function `export` of a target's module."""

    def __call__(self, network: Network, title: str) -> str:
        """Returns the text of the exported file.

        Args:
            network: the checked net.
            title: where the net comes from: `examples/resnet.net, variant resnet50`.

        Raises:
            ExportError: the target cannot express something in the net.
        """


def find_targets() -> list[str]:
    """The names of all targets: every module or package of this folder is one."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_exporter(target: str) -> Exporter:
    """Imports the module of a target and returns its function `export`."""
    exporter: Exporter = importlib.import_module(f"netdsl.export.{target}").export
    return exporter
