"""Where data lie: the folder for downloads, and a lock so that two processes do not write there at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netdsl.core.files import find_home, user_cache


def data_root(root: str | None) -> Path:
    """The folder that a file names, or `$NETDSL_DATA`, or one in the user's cache."""
    if root is not None:
        return find_home(Path(root))
    if given := os.environ.get("NETDSL_DATA"):
        return find_home(Path(given))
    return user_cache() / "netdsl" / "data"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Waits until no other process works in the folder, which is made where it is missing.

    The lock is the operating system's, so that a process that dies lets go of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".netdsl.lock").open("a") as file:  # never removed: who waits for it holds the same file
        _lock(file.fileno())
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
