"""Loggers: where the numbers of a run go. One has `log(metrics, step)` and `close()`; the rest it may have.

`begin(beside)` is called at the beginning with the net, some samples and the settings, which TensorBoard shows.
`resume(step, count)` is called before anything else is logged when a run goes on after `step`, when `log` had been
called `count` times, and should forget what came later; `flush()` when what was logged must not get lost.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from netdsl.core.files import write_atomically

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a system says of a disk, a share of it or a file that may not grow."""

Metrics = Mapping[str, float]


class RunLogger(Protocol):
    """What a logger must have."""

    def log(self, metrics: Metrics, step: int) -> None:
        """Takes the numbers of an optimizer step."""

    def close(self) -> None:
        """Says that the run is over."""


class Jsonl:
    """`metrics.jsonl`: an object a line."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.jsonl"
        self._file: Any = None

    def resume(self, step: int, count: int) -> None:  # noqa: ARG002  # lines are counted
        """Drops the lines that came later, and one that was cut short."""
        if self.path.exists():
            kept = self.path.read_text("utf-8").splitlines(keepends=True)[:count]
            write_atomically(self.path, "".join(kept).encode())

    def log(self, metrics: Metrics, step: int) -> None:
        """Adds a line."""
        self._file = self._file or self.path.open("a", buffering=1, encoding="utf-8")
        self._file.write(json.dumps({"step": step} | dict(metrics)) + "\n")

    def flush(self) -> None:
        """Puts everything on the disk."""
        if self._file:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Ends the file."""
        if self._file:
            self._file.close()


class Csv:
    """`metrics.csv`: a column a metric, empty where a step has no value for it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.csv"
        self._rows: list[dict[str, Any]] = []

    def resume(self, step: int, count: int) -> None:  # noqa: ARG002  # likewise
        """Drops the rows that came later."""
        if self.path.exists():
            with self.path.open(newline="", encoding="utf-8") as file:
                self._rows = list(csv.DictReader(file))[:count]

    def log(self, metrics: Metrics, step: int) -> None:
        """Adds a row."""
        self._rows.append({"step": step} | dict(metrics))

    def flush(self) -> None:
        """Writes the table."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(dict.fromkeys(name for row in self._rows for name in row)))
        writer.writeheader()
        writer.writerows(self._rows)
        write_atomically(self.path, text.getvalue().encode())

    def close(self) -> None:
        """Writes the table."""
        self.flush()


class Loggers:
    """Several loggers as one. One that fails is switched off with a warning; a full disk stops the run instead."""

    def __init__(self, loggers: Iterable[RunLogger], warn: Callable[[str], None]) -> None:
        self._loggers = list(loggers)
        self._warn = warn
        self.count = 0

    def begin(self, beside: Any) -> None:
        """Hands those that care what can be shown beside the numbers."""
        self._each("begin", beside)

    def resume(self, step: int, count: int) -> None:
        """Tells those that care that the run goes on after a step, and so many logs."""
        self.count = count
        self._each("resume", step, count)

    def log(self, metrics: Metrics, step: int) -> None:
        """Hands the numbers to each; what JSON and curves cannot hold is left out."""
        self.count += 1
        self._each("log", {name: value for name, value in metrics.items() if math.isfinite(value)}, step)

    def flush(self) -> None:
        """Tells those that care that nothing may get lost."""
        self._each("flush")

    def close(self) -> None:
        """Ends each, whatever the others do; what had to be kept is kept already."""
        for logger in self._loggers:
            with suppress(Exception):
                logger.close()

    def _each(self, method: str, *arguments: Any) -> None:
        for logger in tuple(self._loggers):
            try:
                getattr(logger, method, _nothing)(*arguments)
            except Exception as error:  # a logger may fail in any way; training goes on
                if getattr(error, "errno", None) in FULL:
                    raise
                self._loggers.remove(logger)
                with suppress(Exception):
                    logger.close()
                self._warn(f"the logger {type(logger).__name__} is switched off: {type(error).__name__}: {error}")


def _nothing(*_: Any) -> None:
    """What a logger does that lacks an optional method."""
