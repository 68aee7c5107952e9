"""NET922: a layer whose output nothing receives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netdsl.components import Call
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.lints.lint import lint
from netdsl.lints.program import Program
from netdsl.program import Node

UNUSED_OUTPUT = Code(
    "NET922",
    title="an output that nothing receives",
    meaning=(
        "Below the layer `from` goes on with another output, or `output` names others, and no layer takes this one "
        "by a label. It costs time, and its weights never learn anything."
    ),
    example="input 8\nrelu as low\nlinear 16; tanh\nfrom low; linear 4",
    instead="input 8\nrelu as low\nlinear 16; tanh as high\nfrom low; linear 4; concat high",
)


@lint(UNUSED_OUTPUT)
def find_unused_output(program: Program) -> Iterator[Diagnostic]:
    """Warns of the last layer before a `from`, or before the end, whose output goes nowhere."""
    network = program.experiment.network
    if not program.is_rewired:
        return
    seen: dict[Span, Node] = {}
    for node in _unused(network.nodes, network.call):
        if node.span in program.statements:
            seen.setdefault(node.span, node)
    for span, node in seen.items():
        message = text("nothing receives the output of `{layer}`", layer=node.name)
        advice = "label it with `as NAME` and join it with `concat`, `add` or `mul`, or delete it"
        yield Diagnostic(UNUSED_OUTPUT, message, span, help=advice)


def _unused(nodes: Sequence[Node], call: Call) -> Iterator[Node]:
    """The nodes of a container, and of those in it, whose output nothing receives."""
    keeps, ends = call.arguments.get("keeps", {}), bool(call.arguments.get("outputs"))
    before: Node | None = None
    for node in nodes:
        if node.start and before is not None and before.step not in keeps:
            yield before
        yield from _unused(node.children, node.call)
        before = node
    if ends and before is not None and before.step not in keeps:
        yield before
