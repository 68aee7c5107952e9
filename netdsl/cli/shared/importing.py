"""The notice in a terminal while torch is imported, which takes a second or two."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from netdsl.core.text import text

SILENCE = 0.5
"""Seconds before the notice appears."""


@contextmanager
def importing_torch() -> Iterator[None]:
    """Says on a terminal, after half a second, that torch is being imported. Removes the notice at the end.

    The body of the `with` imports torch. Nothing is written to a pipe. Of several processes, only the first one writes.
    """
    if not sys.stderr.isatty() or os.environ.get("LOCAL_RANK", "0") != "0":
        yield
        return
    notice = text("importing torch …")
    said = threading.Event()

    def say() -> None:
        said.set()
        _write(notice)

    timer = threading.Timer(SILENCE, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it may be writing now
        if said.is_set():
            _write("\r" + " " * len(notice) + "\r")


def _write(words: str) -> None:
    with suppress(OSError):  # the terminal may be closed
        sys.stderr.write(words)
        sys.stderr.flush()
