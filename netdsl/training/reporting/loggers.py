"""The loggers: each puts the numbers of a run somewhere. What is logged, and when, stands in `training/recorder.py`.

A logger has `log(metrics, step)` and `close()`. It may have four more methods:

- `begin(beside)` is called first, with the net, some samples and the settings, which TensorBoard shows.
- `resume(step, count)` is called before `log` when a run goes on after `step`, at which `log` had been called `count`
  times. The logger should remove what came later.
- `add_histograms(values, step)` is called with tensors by name, every `train histograms=` epochs.
- `flush()` is called before each checkpoint: what was logged must then be on the disk.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, TextIO

from netdsl.core.files import require_regular, write_atomically

Metrics = Mapping[str, float]


class RunLogger(Protocol):
    """What every logger has."""

    def log(self, metrics: Metrics, step: int) -> None:
        """Logs the numbers of an optimizer step."""

    def close(self) -> None:
        """Ends the log."""


class Jsonl:
    """`metrics.jsonl`: an object a line."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.jsonl"
        self._file: TextIO | None = None

    def resume(self, step: int, count: int) -> None:  # noqa: ARG002  # lines are counted
        """Removes the lines that came later, and one that was cut short."""
        if self.path.exists():
            kept = require_regular(self.path).read_text("utf-8").splitlines(keepends=True)[:count]
            write_atomically(self.path, "".join(kept).encode())

    def log(self, metrics: Metrics, step: int) -> None:
        """Adds a line."""
        # A line at a time (`buffering=1`), so that a reader sees whole lines while the run goes on.
        self._file = self._file or self.path.open("a", buffering=1, encoding="utf-8")
        self._file.write(json.dumps({"step": step} | dict(metrics)) + "\n")

    def flush(self) -> None:
        """Puts everything on the disk."""
        if self._file:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file."""
        if self._file:
            self._file.close()


class Csv:
    """`metrics.csv`: a column a metric, empty where a step has no value for it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "metrics.csv"
        self._rows: list[Mapping[str, float | str]] = []

    def resume(self, step: int, count: int) -> None:  # noqa: ARG002  # rows are counted
        """Removes the rows that came later."""
        if self.path.exists():
            with require_regular(self.path).open(newline="", encoding="utf-8") as file:
                self._rows = [row for _, row in zip(range(count), csv.DictReader(file), strict=False)]

    def log(self, metrics: Metrics, step: int) -> None:
        """Adds a row."""
        self._rows.append({"step": step} | dict(metrics))

    def flush(self) -> None:
        """Writes the table."""
        table = io.StringIO(newline="")
        # The whole table each time: a metric that comes later adds a column to all rows.
        writer = csv.DictWriter(table, list(dict.fromkeys(name for row in self._rows for name in row)))
        writer.writeheader()
        writer.writerows(self._rows)
        write_atomically(self.path, table.getvalue().encode())

    def close(self) -> None:
        """Writes the table."""
        self.flush()
