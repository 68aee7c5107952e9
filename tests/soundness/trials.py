"""What is done with a text at every key press, and what may go wrong with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from netdsl.checker import check, check_traced, diagnose
from netdsl.checker.memory import Memory
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.fixes import fix
from netdsl.core.source import Source
from netdsl.drawing.drawing import Drawing
from netdsl.language.formatter import format_source
from netdsl.language.rereading import Rereader
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment
from netdsl.render.diagnostics import render_json, render_text
from netdsl.render.shapes_json import shapes_json
from netdsl.render.table import shapes_table
from tests.soundness.texts import ROOT

SLOW = 1.0
"""Seconds of one of the steps."""

MEMORY = 300 << 20
"""Bytes over what the process had."""

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
T = TypeVar("T")


@cache
def registry() -> Registry:
    """The names that come with netdsl."""
    return load_registry(installed=False)


def look(source: Source) -> tuple[Experiment | None, list[Diagnostic]]:
    """The check of a text."""
    return check(source, registry(), folder=ROOT / "examples")


class Trial:
    """One text, taken through everything that may happen to it; `faults` has what went wrong, by kind.

    The text itself is checked as a command does. What `fmt` and the fixes make of it is checked as an editor checks the
    versions of a text: only what has changed is parsed.
    """

    def __init__(self, text: str, *, draws: bool = True, unsafe: bool = True) -> None:
        self.source = Source("net", text)
        self.draws = draws
        self.unsafe = unsafe
        self.faults: list[str] = []
        self.memory = Memory(rereader=Rereader())

    def run(self) -> list[str]:
        """The faults."""
        try:
            before = memory()
            self._steps()
            if memory() - before > MEMORY:
                self.faults.append("memory")
        except MemoryError:
            self.faults.append("memory")
        except Exception as error:  # that there is none is what is tried
            place = error.__traceback__
            while place and place.tb_next:
                place = place.tb_next
            where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else ""
            self.faults.append(f"exception: {type(error).__name__} in {where}: {str(error)[:80]}")
        return self.faults

    def _steps(self) -> None:
        experiment, found = self._time("check", lambda: look(self.source))
        self.faults += sorted(set(misplaced(self.source, found)))
        self._time("render", lambda: (render_text(found), json.loads(render_json(found))))
        if experiment is not None:
            if self.draws:
                self._time("shapes", lambda: json.loads(shapes_json(experiment.network, "net")))
            if not errors(found):
                self._time("table", lambda: shapes_table(experiment.network, self.source))
        if self.draws:
            self._time("draw", lambda: Drawing(self.source, experiment, found).svg)
        self._format(found)
        self._fix(found)

    def _format(self, before: Sequence[Diagnostic]) -> None:
        formatted, unreadable = self._time("fmt", lambda: format_source(self.source, before))
        if unreadable:
            return
        if formatted == self.source.text:
            return
        source = Source("net", formatted)
        after = self._look_again(source)
        if sorted(one.code for one in errors(after)) != sorted(one.code for one in errors(before)):
            self.faults.append("fmt changes the meaning")
        if format_source(source, after)[0] != formatted:
            self.faults.append("fmt changes what it wrote")

    def _fix(self, before: Sequence[Diagnostic]) -> None:
        if not any(one.fix for one in before):
            return
        # Each of its rounds is a check, so that a second is not promised of all of them; the first is known.
        fixed = fix(
            self.source,
            lambda source: before if source is self.source else self._look_again(source),
            unsafe=self.unsafe,
        )
        if len(errors(fixed.left)) > len(errors(before)):
            self.faults.append("a fix adds errors")

    def _look_again(self, source: Source) -> Sequence[Diagnostic]:
        return diagnose(check_traced(source, registry(), ROOT / "examples", self.memory), registry())

    def _time(self, step: str, work: Callable[[], T]) -> T:
        # The best of three is the text's own time: other processes take turns with this one.
        for _ in range(3):
            start = time.process_time()
            result = work()
            if time.process_time() - start <= SLOW:
                return result
        self.faults.append(f"slow {step}")
        return result


def misplaced(source: Source, found: Sequence[Diagnostic]) -> Iterator[str]:
    """Spans that end before they start, or stand outside of their text."""
    for one in found:
        edits: Sequence[Any] = one.fix.edits if one.fix else ()
        for span in (one.span, *(label.span for label in one.labels), *(edit.span for edit in edits)):
            if not 0 <= span.start <= span.end <= len(span.source.text):
                yield f"{one.code} has a span that is none"


def memory() -> int:
    """The most that the process has had since this was asked last, in bytes; 0 where nobody counts it."""
    try:
        status = STATUS.read_text()
        CLEAR.write_text("5")  # the peak begins anew
    except OSError:  # Linux alone has these files, and not in every container
        return 0
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))
