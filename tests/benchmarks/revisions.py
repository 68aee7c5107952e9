"""The package as it was at a revision, so that a script can time it beside this tree, in turns."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def unpack(revision: str, folder: Path) -> Path:
    """The tree of a revision, written into a folder: the package, and what its installation needs."""
    tree = folder / "before"
    command = ["git", "archive", revision, "netdsl", "pyproject.toml", "README.md", "LICENSE"]
    archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(tree, filter="data")
    return tree


def environment(tree: Path) -> Mapping[str, str]:
    """The environment in which Python imports `netdsl` from a tree, and compiles it once."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}


def netdsl(*arguments: str) -> list[str]:
    """The command line of `netdsl`, for an environment that says which tree is meant."""
    return [sys.executable, "-m", "netdsl", *arguments]
