from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netdsl.checker import check
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment

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


@pytest.fixture
def found() -> Callable[..., list[Diagnostic]]:
    """All diagnostics of a text."""

    def run(text: str, folder: Path | None = None, **options: Any) -> list[Diagnostic]:
        return check(Source("net", text), REGISTRY, folder=folder, **options)[1]

    return run
