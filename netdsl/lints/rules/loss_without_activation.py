"""NET906: a loss of probabilities on plain scores."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.lints.lint import lint
from netdsl.lints.program import Program

LOSS_WITHOUT_ACTIVATION = Code(
    "NET906",
    title="a loss of probabilities on plain scores",
    meaning=(
        "`nll` expects logarithms of probabilities, as `logsoftmax` gives them, and `bce` probabilities, as "
        "`sigmoid` gives them; on other numbers they compute something that is no loss. `cross_entropy` and "
        "`bce_with_logits` take the scores as they are."
    ),
    example="data mnist\nflatten; linear 10\nloss nll",
    instead="data mnist\nflatten; linear 10; logsoftmax\nloss nll",
)

SCORES = frozenset({Trait.LINEAR, Trait.CONVOLUTION})


@lint(LOSS_WITHOUT_ACTIVATION)
def find_loss_without_activation(program: Program) -> Iterator[Diagnostic]:
    """Warns at a loss of probabilities whose net ends in scores, or in another activation."""
    loss, last = program.experiment.loss, program.last
    if loss is None or loss.span is None or last is None or not loss.component.needs:
        return
    # A flatten or a dropout behind the activation changes nothing of it.
    computed = (place for place in (last, *last.chain()) if Trait.PASSES_THROUGH not in place.traits)
    end = next(computed, None)
    needs, other = loss.component.needs, loss.component.on_scores
    if end is None or needs in end.traits or not end.traits & {*SCORES, Trait.ACTIVATION}:
        return
    message = text(
        "`{loss}` needs `{activation}` before it, but the net ends in `{end}`",
        loss=loss.component.name,
        activation=needs,
        end=end.node.name,
    )
    # The settings behind the loss's name stay.
    span = Span(loss.span.source, loss.span.start, loss.span.start + len(loss.component.name))
    labels = (Label(end.node.span, "the net ends here"),)
    advice, fix = None, None
    if end.traits & SCORES and other:  # the activation could be written instead: which of the two is a guess
        fix = Fix(text("write `{loss}`", loss=other), (Edit(span, other),), safe=False)
    elif end.traits & SCORES:
        advice = text("write `{activation}` after `{end}`", activation=needs, end=end.node.name)
    else:
        advice = text("write `{activation}` instead of `{end}`", activation=needs, end=end.node.name)
    yield Diagnostic(LOSS_WITHOUT_ACTIVATION, message, span, labels=labels, help=advice, fix=fix)
