"""Training: the loop and what surrounds it. Its names are fetched when they are first used, for torch is slow."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.core.errors import Interrupted, TrainingError
    from netdsl.runs.checkpointer import Saving
    from netdsl.runs.inference import Saved, open_run
    from netdsl.training.trainer import RunResult, train

_HOMES = {
    "Interrupted": "netdsl.core.errors",
    "RunResult": "netdsl.training.trainer",
    "Saved": "netdsl.runs.inference",
    "Saving": "netdsl.runs.checkpointer",
    "TrainingError": "netdsl.core.errors",
    "open_run": "netdsl.runs.inference",
    "train": "netdsl.training.trainer",
}

__all__ = ["Interrupted", "RunResult", "Saved", "Saving", "TrainingError", "open_run", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
