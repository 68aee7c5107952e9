"""The folder for downloads, and a lock: two processes do not write there at the same time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netdsl.core.files import find_home, user_cache


def data_root(root: str | None) -> Path:
    """The folder that a `.net` file names, else `$NETDSL_DATA`, else a folder in the user's cache."""
    if root is not None:
        return find_home(Path(root))
    if given := os.environ.get("NETDSL_DATA"):
        return find_home(Path(given))
    return user_cache() / "netdsl" / "data"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Waits until no other process works in the folder. Makes the folder if it is missing.

    The lock is the operating system's: it is released when its process dies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".netdsl.lock").open("a") as file:  # never removed: waiting processes have the same file open
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
