"""What a run shows in a notebook: its curves and its table, which grow in place."""

from __future__ import annotations

import sys
from time import monotonic
from typing import Any

from netdsl.render.html import pre_html
from netdsl.runs.history import Epoch, History
from netdsl.training.reporting.console import TICK, Console
from netdsl.training.reporting.epoch_table import EpochTable, Progress, decoding_line, progress_line
from netdsl.training.reporting.run_html import choose_rows, run_html


class NotebookConsole(Console):
    """One output of the cell, which is written anew twice a second at most."""

    def __init__(self, unit: str = "samples") -> None:
        super().__init__(unit)
        self._before: list[str] = []  # the lines above the table, and below it
        self._after: list[str] = []
        self._moving = ""
        self._live: list[tuple[float, float]] = []  # the training loss in the course of the epoch
        self._table: EpochTable | None = None
        self._history: History | None = None
        self._handle: Any = None
        self._next = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time to write the output anew."""
        return monotonic() >= self._next

    def line(self, text: str) -> None:
        """Shows a line that stays."""
        (self._before if self._table is None else self._after).append(text)
        self._show_when_due()

    def begin_table(self, table: EpochTable, history: History) -> None:
        """Shows the table; of a run that goes on, with its earlier epochs."""
        self._table, self._history = table, history
        self._show_when_due()

    def epoch_ended(self, table: EpochTable, epoch: Epoch) -> None:  # noqa: ARG002  # the history has them
        """Shows an epoch."""
        self._moving = ""
        self._live.clear()
        self._show_when_due()

    def end_table(self, table: EpochTable, history: History) -> None:
        """The table has the best epoch and the last already."""

    def show(self, progress: Progress) -> None:
        """Updates the line that moves."""
        self._moving = progress_line(progress, self.unit)
        self._live.append((progress.epoch - 1 + progress.batch / max(progress.batches, 1), progress.loss))
        self._show()

    def show_decoding(self, done: int, count: int) -> None:
        """Shows how many images are decoded."""
        self._moving = decoding_line(done, count) if done < count else ""
        self._show_when_due()

    def close(self) -> None:
        """Leaves the output as it should stay."""
        self._moving = ""
        self._show()

    def _show_when_due(self) -> None:
        if self.is_due:
            self._show()

    def _show(self) -> None:
        from IPython.display import display  # a notebook has it

        data = {"text/html": self._html, "text/plain": self._text}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)
        self._next = monotonic() + TICK

    @property
    def _html(self) -> str:
        grown = ""
        if self._table is not None and self._history is not None:
            history = self._history
            grown = run_html(history.epochs, history.best, self._table, history.criterion, live=self._live)
        lines = [self._before, [*self._after, *([self._moving] if self._moving else [])]]
        before, after = (pre_html("\n".join(some), wraps=True) if some else "" for some in lines)
        return before + grown + after

    @property
    def _text(self) -> str:
        rows = []
        if self._table is not None and self._history is not None:
            chosen = choose_rows(self._history.epochs, self._history.best)
            rows = [self._table.heading, *("…" if epoch is None else self._table.row(epoch) for epoch in chosen)]
        return "\n".join([*self._before, *rows, *self._after])


def is_in_notebook() -> bool:
    """Whether this is the kernel of a notebook, which can show more than text."""
    # What IPython has not imported cannot run in it.
    shell = sys.modules.get("IPython")
    return shell is not None and hasattr(shell.get_ipython(), "kernel")
