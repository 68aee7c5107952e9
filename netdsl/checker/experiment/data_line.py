"""The `data` line of a text alone: the net may have mistakes, or be missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netdsl.checker.file import NO_NET
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.errors import DataError, NetError
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.program import DataUse, Experiment
from netdsl.render.diagnostics import render_text

Check = Callable[[Source], tuple[Experiment | None, Sequence[Diagnostic]]]


def find_data_line(source: Source, check: Check) -> DataUse:
    """The `data` line of a text. Mistakes in the net do not matter.

    Raises:
        NetError: the line has errors.
        DataError: there is none.
    """
    experiment, diagnostics = check(source)
    if experiment is None:  # probably the text has no net: a layer is added for the check
        experiment, more = check(Source(source.name, f"{source.text}\nidentity"))
        diagnostics = diagnostics if experiment is None else more
    use = None if experiment is None else experiment.data
    wrong = [one for one in errors(diagnostics) if (one.code != NO_NET if use is None else _is_within(one, use))]
    if wrong:
        raise NetError(render_text(wrong), wrong)
    if use is None:
        raise DataError(text("`{file}` has no `data` line; write one, such as `data digits`", file=source.name))
    return use


def _is_within(diagnostic: Diagnostic, use: DataUse) -> bool:
    return use.span is None or use.span.start <= diagnostic.span.start < use.span.end
