"""What a data set gives to each input of a net, by the names of both."""

from __future__ import annotations

from netdsl.checker.context import Context
from netdsl.checker.experiment.codes import INPUT_CONTRADICTS_DATA
from netdsl.checker.experiment.input_line import InputLine
from netdsl.components import Facts
from netdsl.core.diagnostics import Label
from netdsl.core.sizes import UNKNOWN, format_shape
from netdsl.core.text import join_and, text
from netdsl.language.syntax import Statement


def choose_inputs(facts: Facts, dataset: str, line: InputLine, data_line: Statement, context: Context) -> Facts:
    """The facts with those inputs alone that the net names, in its order; names that are not given are reported."""
    given = {one.name: one for one in facts.inputs}
    if not line.named:
        if len(given) > 1:
            _report_unnamed(facts, dataset, line, data_line, context)
        return facts
    if not given:
        if len(line.named) > 1:
            _report_single(dataset, line, data_line, context)
        return facts
    for name, one in line.named.items():
        if name not in given:
            message = text("`{dataset}` gives no input `{name}`", dataset=dataset, name=name)
            listed = text("it gives {names}", names=join_and(f"`{known}`" for known in given))
            context.report.unknown(INPUT_CONTRADICTS_DATA, message, name, one.span, given, listed)
    chosen = [given[name] for name in line.named if name in given]
    return facts.with_inputs(chosen) if chosen else facts


def _report_single(dataset: str, line: InputLine, data_line: Statement, context: Context) -> None:
    assert line.statement is not None
    message = text(
        "`{dataset}` gives one input, but the net has {count}: {names}",
        dataset=dataset,
        count=len(line.named),
        names=join_and(f"`{name}`" for name in line.named),
    )
    labels = [Label(data_line.span, "these are the data")]
    advice = "`csv` gives columns, `npz` arrays and `fake` random samples to inputs of their names"
    context.report(INPUT_CONTRADICTS_DATA, message, line.statement.span, labels=labels, help=advice)


def _report_unnamed(facts: Facts, dataset: str, line: InputLine, data_line: Statement, context: Context) -> None:
    message = text(
        "`{dataset}` gives several inputs, {names}, but those of the net have no names",
        dataset=dataset,
        names=join_and(f"`{one.name}`" for one in facts.inputs),
    )
    written = " ".join(f"{one.name}={format_shape(one.shape or (UNKNOWN,))}" for one in facts.inputs)
    place = data_line.span if line.statement is None else line.statement.span
    advice = text("write `input {inputs}`, or those of them that the net takes", inputs=written)
    context.report(INPUT_CONTRADICTS_DATA, message, place, help=advice)
