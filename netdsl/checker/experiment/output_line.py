"""The `output` line: the labels of what the net gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netdsl.checker.arguments.codes import GIVEN_TWICE, WRONG_VALUE
from netdsl.checker.context import Context
from netdsl.checker.experiment.settings import allowed
from netdsl.checker.names.labels import find_label
from netdsl.checker.names.scope import Labelled, Scope, as_name
from netdsl.core.text import text
from netdsl.language.statements import OUTPUT
from netdsl.language.syntax import Statement


def find_outputs(directives: Mapping[str, Sequence[Statement]], scope: Scope, context: Context) -> tuple[Labelled, ...]:
    """What the labels of the `output` line name, in its order."""
    found: dict[str, Labelled] = {}
    for statement in allowed(OUTPUT, directives, context):
        advice = "write the labels of the outputs: `output aux score`"
        if not statement.items:
            context.report(WRONG_VALUE, "`output` needs a label behind it", statement.span, help=advice)
        for item in statement.items:
            name = as_name(item)
            if name is None:
                message = text("`output` takes labels, found `{found}`", found=item.span.text)
                context.report(WRONG_VALUE, message, item.span, help=advice)
            elif name.text in found:
                message = text("the output `{name}` is given twice", name=name.text)
                context.report(GIVEN_TWICE, message, name.span, help="delete one of them")
            elif (labelled := find_label(name, scope, context)) is not None:
                found[name.text] = labelled
    return tuple(found.values())
