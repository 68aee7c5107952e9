"""NET905: dropout of the net's own output."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.lints.lint import lint
from netdsl.lints.patterns import behind_the_scores, superfluous
from netdsl.lints.program import Program

DROPOUT_ON_SCORES = Code(
    "NET905",
    title="dropout after the last layer",
    meaning=(
        "Dropout sets numbers to zero so that the layers after it do not rely on single numbers. After the last layer "
        "there are none: it sets outputs to zero, and the loss counts them as wrong. It belongs before the last "
        "layer."
    ),
    example="data mnist\nflatten; linear 10; dropout",
    instead="data mnist\nflatten; dropout; linear 10",
)


@lint(DROPOUT_ON_SCORES)
def find_dropout_on_scores(program: Program) -> Iterator[Diagnostic]:
    """Warns of a dropout after the last layer, if there is a loss to count what it drops."""
    if program.experiment.loss is None:
        return
    for place in behind_the_scores(program):
        if Trait.DROPOUT in place.traits and place.argument("p", 1.0) > 0:
            message = text("`{layer}` after the last layer sets outputs of the net to zero", layer=place.node.name)
            yield superfluous(program, DROPOUT_ON_SCORES, message, place)
