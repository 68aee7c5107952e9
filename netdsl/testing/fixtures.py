"""The fixtures, for `pytest_plugins`."""

from __future__ import annotations

import pytest

from netdsl.components.registry import Registry
from netdsl.plugins.registry import load_registry


@pytest.fixture
def netdsl_registry() -> Registry:
    """What the installed plugins bring. A problem with one of them fails the test."""
    registry = load_registry()
    assert registry.problems == (), "\n".join(map(str, registry.problems))
    return registry
