"""The `data` line of a text alone: the net may have mistakes, or be missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netdsl.checker.file import NO_NET
from netdsl.components import Dataset
from netdsl.components.positions import classes_stand_last, positions_of_sample
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.errors import DataError, NetError
from netdsl.core.sizes import format_shape, is_known
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.program import DataUse, Experiment, Network
from netdsl.render.diagnostics import render_text

Check = Callable[[Source], tuple[Experiment | None, Sequence[Diagnostic]]]

ADVICE = "write one, such as `data digits`; `netdsl layers datasets` lists the data sets"
"""What to write where nothing is known of a net."""


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
        advice = advise_data(experiment.network) if experiment else ADVICE
        raise DataError(text("`{file}` has no `data` line", file=source.name), advice)
    return use


def advise_data(network: Network) -> str:
    """What to write for a net without a `data` line: data of samples and classes as the net takes and tells them."""
    line = _data_line(network)
    if line is None:
        return "write one; `netdsl layers datasets` lists the data sets"
    return text("write one, such as `{line}`; `netdsl layers datasets` lists the data sets", line=line)


def _is_within(diagnostic: Diagnostic, use: DataUse) -> bool:
    return use.span is None or use.span.start <= diagnostic.span.start < use.span.end


def _data_line(network: Network) -> str | None:
    """The `data` line of a set that comes without files and goes with a net, else of random samples that do."""
    from netdsl.builtins.datasets import local, torchvision_small  # only a net without data asks

    sample, out = network.example or network.input, network.out
    if network.dtype == "index" or not is_known(sample) or not is_known(out):
        return None
    if len(out) == 1 and len(sample) == 1 and out[0] == 1:
        return 'data csv "table.csv" target=column'
    sets = [one for module in (local, torchvision_small) for one in vars(module).values() if isinstance(one, Dataset)]
    # `fake` may stand without a shape only where the inputs of a net tell it.
    known = ((one.name, one.facts()) for one in sets if not one.required and not one.is_told_inputs)
    positions = positions_of_sample(sample)
    for name, facts in known:
        shapes = ((facts.classes, *facts.target), (*facts.target, facts.classes))
        if facts.input == sample and out in shapes:
            return f"data {name}"
    if len(out) == 1 and out[0] not in (0, 1):
        return text("data fake {shape} classes={classes}", shape=format_shape(sample), classes=out[0])
    if positions in (out[1:], out[:-1]):
        classes = out[-1] if classes_stand_last(out, positions) else out[0]
        return text("data fake {shape} classes={classes} per=position", shape=format_shape(sample), classes=classes)
    return None
