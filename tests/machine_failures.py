"""Failures of the machine, provoked: a disk without room, files that one may not open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

POSIX = pytest.mark.skipif(os.name != "posix", reason="limits and owners of files are POSIX's")
NOBODY = 65534


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """A disk on which no file may become larger."""
    import resource  # only Unix has it

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Gives up root's rights, before which no file is closed; the folder stays one that may be searched."""
    folder.chmod(0o755)
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
