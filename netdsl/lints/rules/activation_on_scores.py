"""NET904: an activation before a loss that takes the scores as they are."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.lints.lint import lint
from netdsl.lints.patterns import behind_the_scores, superfluous
from netdsl.lints.program import Program

ACTIVATION_ON_SCORES = Code(
    "NET904",
    title="an activation on the scores",
    meaning=(
        "The loss takes scores of any size and sign. An activation after the last layer keeps some of them from "
        "it: after a `relu` no score is below zero, and a class whose score is zero has no gradient left to "
        "learn by."
    ),
    example="data mnist\nflatten; linear 10; relu\nloss cross_entropy",
    instead="data mnist\nflatten; linear 10\nloss cross_entropy",
)


@lint(ACTIVATION_ON_SCORES)
def find_activation_on_scores(program: Program) -> Iterator[Diagnostic]:
    """Warns of an activation that is not the loss's own, which lints of their own warn of."""
    loss = program.experiment.loss
    if loss is None or not loss.component.applies:
        return
    for place in behind_the_scores(program):
        if Trait.ACTIVATION in place.traits and not place.traits & loss.component.applies:
            message = text(
                "`{layer}` before `{loss}`, which takes the scores as they are",
                layer=place.node.name,
                loss=loss.component.name,
            )
            yield superfluous(program, ACTIVATION_ON_SCORES, message, place, loss.span)
