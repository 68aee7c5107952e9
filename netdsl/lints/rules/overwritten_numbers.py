"""NET916: numbers overwritten by `inplace` that are needed once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netdsl.core.diagnostics import Code, Diagnostic, Label
from netdsl.core.text import text
from netdsl.lints.edits import without
from netdsl.lints.lint import lint
from netdsl.lints.patterns import find_source, overwrites
from netdsl.lints.program import PlacedLayer, Program
from netdsl.program import Node

OVERWRITTEN_NUMBERS = Code(
    "NET916",
    title="numbers overwritten that are needed again",
    meaning=(
        "An `inplace` activation saves memory by writing its output over its input. Where a skip carries that "
        "input on, it carries the activation's output instead; where the layer before works its gradient out "
        "from its own output, as `relu`, `sigmoid`, `tanh` and `softmax` do, training stops with an error of "
        "torch's."
    ),
    example="input 8\nresidual { relu inplace=true; linear 8 }",
    instead="input 8\nresidual { relu; linear 8 }",
)


@lint(OVERWRITTEN_NUMBERS)
def find_overwritten_numbers(program: Program) -> Iterator[Diagnostic]:
    """Warns of a layer that changes, in their place, numbers that are not its alone."""
    # No layer stands before the first one either, but its input is its alone.
    first = _find_first(program)
    for place in program.somewhere(lambda place: place is not first and overwrites(place)):
        before = find_source(place)
        message, labels = "`inplace` overwrites what other layers receive too", list[Label]()
        if before:
            message = text(
                "`inplace` overwrites what the gradient of `{layer}` is worked out from", layer=before.node.name
            )
            labels = [Label(before.node.span, "needs its own output again")]
        fix = without(program.statements[place.node.span], "inplace")
        advice = None if fix else "leave it out"
        yield Diagnostic(OVERWRITTEN_NUMBERS, message, place.node.span, labels=tuple(labels), help=advice, fix=fix)


def _find_first(program: Program) -> PlacedLayer | None:
    """The layer that alone receives the net's input."""
    nodes: Sequence[Node] = program.experiment.network.nodes
    while nodes and nodes[0].is_sequence:
        nodes = nodes[0].children
    # Where the net begins with branches, the first of the places is in one of them.
    return next((place for place in program.places[:1] if nodes and place.node.path == nodes[0].path), None)
