"""NET915: dropout between the layers of an `lstm` that has only one."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.lints.edits import without
from netdsl.lints.lint import lint
from netdsl.lints.program import PlacedLayer, Program

IDLE_DROPOUT = Code(
    "NET915",
    title="dropout between the layers of one layer",
    meaning=(
        "The `dropout` of `lstm`, `gru` and `rnn` acts between their layers. With one layer there is no such "
        "place, and nothing is dropped. A `dropout` after it drops numbers of its output."
    ),
    example="input 8x16\nlstm 32 dropout=0.5",
    instead="input 8x16\nlstm 32 num_layers=2 dropout=0.5",
)


@lint(IDLE_DROPOUT)
def find_idle_dropout(program: Program) -> Iterator[Diagnostic]:
    """Warns of a dropout that has no place to act."""
    for place in program.everywhere(_drops_nothing):
        message = text("`dropout` acts between the layers of `{layer}`, and there is only one", layer=place.node.name)
        fix = without(program.statements[place.node.span], "dropout")
        advice = None if fix else "leave it out, or write `num_layers=2`"
        yield Diagnostic(IDLE_DROPOUT, message, place.node.span, help=advice, fix=fix)


def _drops_nothing(place: PlacedLayer) -> bool:
    drops = place.argument("dropout", 0.0) > 0
    return Trait.RECURRENT in place.traits and place.argument("num_layers", 1) == 1 and drops
