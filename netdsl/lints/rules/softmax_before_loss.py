"""NET902: a softmax before a loss that applies it itself."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.lints.lint import lint
from netdsl.lints.patterns import behind_the_scores, superfluous
from netdsl.lints.program import Program

SOFTMAX_BEFORE_LOSS = Code(
    "NET902",
    title="softmax before cross_entropy",
    meaning=(
        "The loss `cross_entropy` takes the scores as they come out of the last layer and applies the softmax "
        "itself, in a form that neither overflows nor loses digits. A second softmax flattens the scores, and "
        "the net learns slowly if at all."
    ),
    example="data mnist\nflatten; linear 10; softmax\nloss cross_entropy",
    instead="data mnist\nflatten; linear 10\nloss cross_entropy",
)


@lint(SOFTMAX_BEFORE_LOSS)
def find_softmax_before_loss(program: Program) -> Iterator[Diagnostic]:
    """Warns of a softmax, or its logarithm, that the loss applies once more."""
    loss = program.experiment.loss
    if loss is None:
        return
    applied = loss.component.applies & {Trait.SOFTMAX, Trait.LOGSOFTMAX}
    for place in behind_the_scores(program):
        if place.traits & applied:
            message = text(
                "`{layer}` before `{loss}`, which applies it itself", layer=place.node.name, loss=loss.component.name
            )
            yield superfluous(program, SOFTMAX_BEFORE_LOSS, message, place, loss.span)
