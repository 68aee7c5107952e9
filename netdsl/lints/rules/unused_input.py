"""NET923: a named input that no layer receives."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.language.statements import INPUT
from netdsl.language.syntax import Setting
from netdsl.lints.lint import lint
from netdsl.lints.program import Program

UNUSED_INPUT = Code(
    "NET923",
    title="an input that is never used",
    meaning="The net must be given a tensor for each input, and no layer receives this one.",
    example="input user=8 item=8\nlinear 4",
    instead="input user=8 item=8\nconcat item\nlinear 4",
)


@lint(UNUSED_INPUT)
def find_unused_input(program: Program) -> Iterator[Diagnostic]:
    """Warns at the name of an input that is no part of the net."""
    network = program.experiment.network
    if not network.inputs:
        return
    used = {label for node in network.nodes for label in (node.start, *node.takes)}
    used.update(network.call.arguments.get("outputs", ()))
    if not network.nodes or not network.nodes[0].start:
        used.add(network.inputs[0].name)
    for statement in program.file.statements:
        if statement.name.text != INPUT.name:
            continue
        for item in statement.items:
            if isinstance(item, Setting) and item.name.text not in used:
                name = item.name.text
                message = text("the input `{name}` is never used", name=name)
                advice = text("use it with `from {name}`, or delete it", name=name)
                yield Diagnostic(UNUSED_INPUT, message, item.name.span, help=advice)
