"""Waiting until a file changes, for `--watch`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import click

from netdsl.core.text import text

PAUSE = 0.2
"""Seconds between two looks at the files: less than one waits for an answer after saving."""
SHARE = 0.1
"""Looking takes at most this share of the time, even with many files."""

State = dict[str, tuple[int, int]]


def watched(files: Sequence[str], stream: TextIO) -> Iterator[None]:
    """Yields at once, and again after each change of the files or of a `.net` file that they may `use`.

    A terminal is cleared before each turn. Ctrl-C, between turns or within one, ends them.
    """
    try:
        while True:
            seen = _state(files)
            if stream.isatty():
                click.clear()
            yield
            click.echo(text("waiting for a change of {files}; Ctrl-C ends it", files=", ".join(files)), err=True)
            _wait_for_change(files, seen)
    except KeyboardInterrupt:
        click.echo(err=True)  # the terminal shows ^C in the line


def _wait_for_change(files: Sequence[str], seen: State) -> None:
    pause = PAUSE
    while True:
        time.sleep(pause)
        start = time.monotonic()
        if _state(files) != seen:
            return
        pause = max(PAUSE, (time.monotonic() - start) / SHARE)


def _state(files: Sequence[str]) -> State:
    """Time and size of each file, and of the `.net` files below its folder, which it may use."""
    folders = {Path(file).resolve().parent for file in files}
    state: State = {}
    for path in [*map(Path, files), *(path for folder in folders for path in _nets(folder))]:
        try:
            found = path.stat()
        except OSError:
            continue  # while an editor saves, the file may be missing
        state[str(path)] = (found.st_mtime_ns, found.st_size)
    return state


def _nets(folder: Path) -> Iterable[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(root, name) for name in names if name.endswith(".net"))
