"""The end of the net against its loss."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.source import Span
from netdsl.lints.activations import WEIGHTED, is_activation, is_passing, tail
from netdsl.lints.edits import delete
from netdsl.lints.program import Place, Program

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

ACTIVATION_ON_SCORES = Code(
    "NET904",
    title="an activation on the scores",
    meaning=(
        "The loss takes scores of any size and sign. An activation behind the last layer keeps some of them from "
        "it: after a `relu` no score is below zero, and a class whose score is zero has no gradient left to "
        "learn by."
    ),
    example="data mnist\nflatten; linear 10; relu\nloss cross_entropy",
    instead="data mnist\nflatten; linear 10\nloss cross_entropy",
)

DROPOUT_ON_SCORES = Code(
    "NET905",
    title="dropout behind the last layer",
    meaning=(
        "Dropout sets numbers to zero so that the layers after it rely on none of them. Behind the last layer "
        "there is none: it sets answers to zero, and the loss counts them as wrong. It belongs before the last "
        "layer."
    ),
    example="data mnist\nflatten; linear 10; dropout",
    instead="data mnist\nflatten; dropout; linear 10",
)

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


CROSS_ENTROPY = "torch.nn:CrossEntropyLoss"
BINARY = "torch.nn:BCEWithLogitsLoss"
APPLIED = {
    (CROSS_ENTROPY, "torch.nn:Softmax"): SOFTMAX_BEFORE_LOSS,
    (CROSS_ENTROPY, "torch.nn:LogSoftmax"): SOFTMAX_BEFORE_LOSS,
    (BINARY, "torch.nn:Sigmoid"): SIGMOID_BEFORE_LOSS,
}
"""The losses that apply an activation themselves, and it."""

NEEDED = {
    "torch.nn:NLLLoss": ("torch.nn:LogSoftmax", "logsoftmax", "cross_entropy"),
    "torch.nn:BCELoss": ("torch.nn:Sigmoid", "sigmoid", "bce_with_logits"),
}
"""The losses that need an activation before them: its module, its name, and the loss that does without."""


def activation_on_scores(program: Program) -> Iterator[Diagnostic]:
    """NET902, NET903, NET904: an activation before a loss that takes the scores as they are."""
    loss = program.experiment.loss
    if loss is None or loss.component.target not in (CROSS_ENTROPY, BINARY):
        return
    name = loss.component.name
    for place in filter(is_activation, _tail(program)):
        code = APPLIED.get((loss.component.target, place.target), ACTIVATION_ON_SCORES)
        what = f"`{place.node.name}` before `{name}`"
        because = "takes the scores as they are" if code == ACTIVATION_ON_SCORES else "applies it itself"
        yield _ending(program, code, f"{what}, which {because}", place, loss.span)


def dropout_on_scores(program: Program) -> Iterator[Diagnostic]:
    """NET905: dropout of the net's own output."""
    loss = program.experiment.loss
    for place in _tail(program) if loss else ():
        if place.target == "torch.nn:Dropout" and place.argument("p"):
            message = f"`{place.node.name}` behind the last layer sets outputs of the net to zero"
            yield _ending(program, DROPOUT_ON_SCORES, message, place, None)


def loss_without_its_activation(program: Program) -> Iterator[Diagnostic]:
    """NET906: a loss of probabilities on plain scores."""
    loss, last = program.experiment.loss, program.last
    needs = NEEDED.get(loss.component.target or "") if loss else None
    if loss is None or needs is None or loss.span is None:
        return
    end = next((place for place in (last, *(last.chain() if last else ())) if place and not is_passing(place)), None)
    target, activation, other = needs
    if end and (end.target in WEIGHTED or is_activation(end)) and end.target != target:
        message = f"`{loss.component.name}` needs `{activation}` before it, but the net ends in `{end.node.name}`"
        span = Span(loss.span.source, loss.span.start, loss.span.start + len(loss.component.name))
        labels = (Label(end.node.span, "the net ends here"),)
        fix = Fix(f"write `{other}`", (Edit(span, other),)) if end.target in WEIGHTED else None
        advice = None if fix else f"write `{activation}` in the place of `{end.node.name}`"
        yield Diagnostic(LOSS_WITHOUT_ACTIVATION, message, span, labels=labels, help=advice, fix=fix)


def _tail(program: Program) -> Iterator[Place]:
    """What stands behind the last layer, statements that stand for nothing else."""
    for place in tail(program.last):
        span = place.node.span
        if place.is_written and span in program.statements and program.occurrences[span] == 1:
            yield place


def _ending(program: Program, code: Code, message: str, place: Place, loss: Span | None) -> Diagnostic:
    labels = (Label(loss, "this loss"),) if loss else ()
    fix = delete(program.statements[place.node.span])
    return Diagnostic(code, message, place.node.span, labels=labels, help=None if fix else "leave it out", fix=fix)
