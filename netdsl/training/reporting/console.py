"""What a run prints: plain lines into a pipe, a line that moves below them on a terminal, nothing with `--quiet`.

What it shows in a notebook stands in `notebook_console.py`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console as RichConsole
from rich.live import Live
from rich.text import Text

from netdsl.render.cells import wrap
from netdsl.runs.history import Epoch, History
from netdsl.training.reporting.epoch_table import EpochTable, Progress, decoding_line, progress_line

TICK = 0.5
"""Seconds between two updates of the moving line. Each one wakes the terminal, which takes time from a busy core: five
updates a second made a run on two cores 3 % slower.
"""


class Console:
    """Prints nothing: the console of `--quiet`, and the base of the others."""

    def __init__(self, unit: str = "samples") -> None:
        self.unit = unit

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_due(self) -> bool:
        """Whether it is time to update the moving line."""
        return False

    def line(self, text: str) -> None:
        """Prints a line that stays."""

    def prose(self, text: str) -> None:
        """Prints a line that nobody copies."""
        self.line(text)

    def begin_table(self, table: EpochTable, history: History) -> None:  # noqa: ARG002  # a notebook shows the history
        """Begins the table of the epochs; a run that goes on has some in its history already."""
        self.line(table.heading)

    def epoch_ended(self, table: EpochTable, epoch: Epoch) -> None:
        """Adds the row of an epoch, if it has one."""
        if table.is_due(epoch):
            self.line(table.row(epoch))

    def end_table(self, table: EpochTable, history: History) -> None:
        """Adds the rows of the last epoch and of the best, if they were left out."""
        for line in table.closing_lines(history):
            self.line(line)

    def show(self, progress: Progress) -> None:
        """Updates the moving line."""

    def show_decoding(self, done: int, count: int) -> None:
        """Shows how many images are decoded, where all of them are before the training begins."""

    def close(self) -> None:
        """Removes the moving line."""


class PlainConsole(Console):
    """Plain lines, for a pipe or a file."""

    def line(self, text: str) -> None:
        """Prints a line that stays."""
        try:
            print(text, flush=True)
        except OSError:  # the reader of the pipe has ended, or the disk is full: the training goes on all the same
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # open for as long as the process


@dataclass
class TerminalConsole(Console):
    """A line that moves below the lines that stay.

    Lines wait for the next tick, so that a thousand short epochs cost no more to print than a long one.
    """

    unit: str = "samples"
    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def __post_init__(self) -> None:
        self._console = RichConsole(file=self.stream, highlight=False, soft_wrap=True)
        # No thread that refreshes by itself: it would compete with the training for the GIL.
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._live.start()
        self._lines: list[str] = []
        self._next = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time to update the moving line."""
        return monotonic() >= self._next

    def begin_table(self, table: EpochTable, history: History) -> None:  # noqa: ARG002  # the rows above are its own
        """Begins the table of the epochs, whose heading may be narrower than its words."""
        self.line(table.fold_heading(self._console.width))

    def prose(self, text: str) -> None:
        """Prints a line, broken between words where it is too long."""
        room = self._console.width
        self.line("\n".join(wrap(text, room, rest="  ")))

    def line(self, text: str) -> None:
        """Prints a line that stays; the terminal breaks it, so that a command in it can be copied."""
        self._lines.append(text)
        if self.is_due:
            self._print_lines()

    def show(self, progress: Progress) -> None:
        """Updates the moving line."""
        self._print_lines()
        self._live.update(Text(progress_line(progress, self.unit, self._console.width)), refresh=True)
        self._next = monotonic() + TICK

    def show_decoding(self, done: int, count: int) -> None:
        """Shows how many images are decoded, where all of them are before the training begins."""
        if self.is_due or done == count:
            self._live.update(Text(decoding_line(done, count) if done < count else ""), refresh=True)
            self._next = monotonic() + TICK

    def close(self) -> None:
        """Removes the moving line."""
        self._print_lines()
        self._live.stop()

    def _print_lines(self) -> None:
        if self._lines:
            self._console.print("\n".join(self._lines), markup=False)
            self._lines.clear()


def open_console(quiet: bool, unit: str) -> Console:
    """What is fit for where the run is shown; nothing with `quiet`. Samples are called `unit`."""
    if quiet:
        return Console(unit)
    from netdsl.training.reporting.notebook_console import NotebookConsole, is_in_notebook

    if is_in_notebook():
        return NotebookConsole(unit)
    return TerminalConsole(unit) if sys.stdout.isatty() else PlainConsole(unit)
