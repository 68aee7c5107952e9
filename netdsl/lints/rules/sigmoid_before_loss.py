"""NET903: a sigmoid before a loss that applies it itself."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.lints.lint import lint
from netdsl.lints.patterns import behind_the_scores, superfluous
from netdsl.lints.program import Program

SIGMOID_BEFORE_LOSS = Code(
    "NET903",
    title="sigmoid before bce_with_logits",
    meaning=(
        "The loss `bce_with_logits` applies the sigmoid itself: that is what its name says. Without it the loss "
        "is `bce`, which is less exact for scores far from zero."
    ),
    example="data fake 8 classes=2\nlinear 1; sigmoid\nloss bce_with_logits",
    instead="data fake 8 classes=2\nlinear 1\nloss bce_with_logits",
)


@lint(SIGMOID_BEFORE_LOSS)
def find_sigmoid_before_loss(program: Program) -> Iterator[Diagnostic]:
    """Warns of a sigmoid that the loss applies once more."""
    loss = program.experiment.loss
    if loss is None or Trait.SIGMOID not in loss.component.applies:
        return
    for place in behind_the_scores(program):
        if Trait.SIGMOID in place.traits:
            message = text(
                "`{layer}` before `{loss}`, which applies it itself", layer=place.node.name, loss=loss.component.name
            )
            yield superfluous(program, SIGMOID_BEFORE_LOSS, message, place, loss.span)
