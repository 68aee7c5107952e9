"""The programs that are not Python's and that a test runs: a browser, an editor."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

REQUIRED = "NETDSL_TESTS_NEED_PROGRAMS"
"""The variable of the environment under which a missing program fails a test; `.ci/run` sets it."""


def needs(*names: str) -> str:
    """The path of the first of these commands that is installed; where none is, the test that asks is skipped.

    A test says `browser = needs("chromium", "google-chrome")` in its first line, or in a fixture.
    """
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        _leave_out(f"needs {' or '.join(f'`{name}`' for name in names)}, which is not installed")
    return found


def needs_file(path: Path, advice: str) -> Path:
    """The path, if something is there; where nothing is, the test that asks is skipped, or fails under `REQUIRED`."""
    if not path.exists():
        _leave_out(f"needs {path.name}: {advice}")
    return path


def _leave_out(reason: str) -> None:
    report = pytest.fail if os.environ.get(REQUIRED) else pytest.skip
    report(reason)
