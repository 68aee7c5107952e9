"""Where a run speaks: plain lines in a pipe, a line that moves below them on a terminal, nothing where it is quiet."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from time import monotonic
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from netdsl.training.reporting.epoch_table import Progress, decoding_line, moving_line

TICK = 0.5
"""Seconds between two looks at the clock's hand. Each wakes the terminal, which takes a time slice from a busy core:
five a second cost a run on two cores some 3 %.
"""


class Display:
    """Says nothing: what `quiet` asks for, and what the other displays build on."""

    def __init__(self, unit: str = "samples") -> None:
        self.unit = unit

    @property
    def due(self) -> bool:
        """Whether it is time to show the progress."""
        return False

    def line(self, text: str) -> None:
        """Says one line that stays."""

    def show(self, progress: Progress) -> None:
        """Shows where the run stands."""

    def decoding(self, done: int, count: int) -> None:
        """Shows how many images are decoded, where all of them are before the training begins."""

    def close(self) -> None:
        """Takes away what moves."""


class Plain(Display):
    """Plain lines, for a pipe or a file."""

    def line(self, text: str) -> None:
        """Says one line that stays."""
        try:
            print(text, flush=True)
        except OSError:  # whoever listened has left, or the disk is full; the training is still wanted
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # open for as long as the process


@dataclass
class Terminal(Display):
    """A line that moves below the lines that stay.

    Rows wait for the next tick, so that a thousand short epochs cost no more to show than a long one.
    """

    unit: str = "samples"
    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def __post_init__(self) -> None:
        self._console = Console(file=self.stream, highlight=False, soft_wrap=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._live.start()
        self._rows: list[str] = []
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time to show the progress."""
        return monotonic() >= self._next

    def line(self, text: str) -> None:
        """Says one line that stays."""
        self._rows.append(text)
        if self.due:
            self._print_rows()

    def show(self, progress: Progress) -> None:
        """Shows where the run stands."""
        self._print_rows()
        self._live.update(Text(moving_line(progress, self.unit, self._console.width)), refresh=True)
        self._next = monotonic() + TICK

    def decoding(self, done: int, count: int) -> None:
        """Shows how many images are decoded, where all of them are before the training begins."""
        if self.due or done == count:
            self._live.update(Text(decoding_line(done, count) if done < count else ""), refresh=True)
            self._next = monotonic() + TICK

    def close(self) -> None:
        """Takes away what moves."""
        self._print_rows()
        self._live.stop()

    def _print_rows(self) -> None:
        if self._rows:
            self._console.print("\n".join(self._rows), markup=False)
            self._rows.clear()


def choose_display(quiet: bool, unit: str) -> Display:
    """A moving line on a terminal, plain lines elsewhere, nothing where `quiet` asks for it."""
    if quiet:
        return Display(unit)
    return Terminal(unit) if sys.stdout.isatty() else Plain(unit)
