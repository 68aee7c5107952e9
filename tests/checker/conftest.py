from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netdsl.checker import check
from netdsl.diagnostics import Diagnostic, errors
from netdsl.network import Experiment
from netdsl.plugins import load_registry
from netdsl.source import Source

REGISTRY = load_registry(installed=False)


@pytest.fixture
def checked() -> Callable[..., Experiment]:
    """Checks a text that has no errors."""

    def run(text: str, folder: Path | None = None, **options: Any) -> Experiment:
        experiment, diagnostics = check(Source("net", text), REGISTRY, folder=folder, **options)
        assert not errors(diagnostics), diagnostics
        assert experiment is not None
        return experiment

    return run


@pytest.fixture
def mistakes() -> Callable[..., list[Diagnostic]]:
    """The errors of a text."""

    def run(text: str, folder: Path | None = None, **options: Any) -> list[Diagnostic]:
        return errors(check(Source("net", text), REGISTRY, folder=folder, **options)[1])

    return run
