"""A built net with its weights for other tools: `netdsl export --to NAME` calls `export` of `weighted/NAME.py`.

`netdsl.export` holds the targets that are written from the checked program alone.
"""

from __future__ import annotations

import importlib
from typing import Protocol

from netdsl.model_export.built_net import BuiltNet, Exported


class ModelExporter(Protocol):
    """The function `export` of a target's module."""

    def __call__(self, net: BuiltNet) -> Exported:
        """The exported file.

        Raises:
            ExportError: the target has no way to hold this net, or computes something else than torch.
        """


def load_model_exporter(target: str) -> ModelExporter:
    """The function that exports to a target, whose module is imported only now."""
    exporter: ModelExporter = importlib.import_module(f"netdsl.model_export.weighted.{target}").export
    return exporter
