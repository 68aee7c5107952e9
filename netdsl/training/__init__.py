"""Training: the loop and what surrounds it. Its names are fetched when they are first used, for torch is slow."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netdsl.training.errors import Interrupted, TrainingError
    from netdsl.training.records.saved import Saved, open_run
    from netdsl.training.saver import Saving
    from netdsl.training.session import RunResult, train

_HOMES = {
    "Interrupted": "errors",
    "RunResult": "session",
    "Saved": "records.saved",
    "Saving": "saver",
    "TrainingError": "errors",
    "open_run": "records.saved",
    "train": "session",
}

__all__ = ["Interrupted", "RunResult", "Saved", "Saving", "TrainingError", "open_run", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
