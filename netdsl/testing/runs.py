"""A net trained in passing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.core.errors import NetError
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.render.diagnostics import render_text

if TYPE_CHECKING:
    from netdsl.training import RunResult


def run_net(text: str, *, registry: Registry | None = None, overrides: Mapping[str, str] | None = None) -> RunResult:
    """Trains a net on the processor, quietly, for one epoch unless the text says otherwise; its folder does not stay.

    Raises:
        NetError: the text has errors.
    """
    from netdsl.training import train

    usual = {} if "train" in text else {"train.epochs": "1"}
    registry = registry or load_registry()
    found, diagnostics = check(Source("<text>", text), registry, overrides={**usual, **(overrides or {})})
    if found is None or errors(diagnostics):
        raise NetError(render_text(diagnostics, color=False), diagnostics)
    with TemporaryDirectory() as folder:
        return train(found, device="cpu", out=Path(folder) / "run", quiet=True, callbacks=registry.callbacks)
