"""The end of the net against its loss."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.core.diagnostics import Diagnostic, Edit, Fix, Label
from netdsl.core.source import Span
from netdsl.lints.activations import WEIGHTED, is_activation, is_passing, tail
from netdsl.lints.edits import delete
from netdsl.lints.program import Place, Program

CROSS_ENTROPY = "torch.nn:CrossEntropyLoss"
BINARY = "torch.nn:BCEWithLogitsLoss"
APPLIED = {
    (CROSS_ENTROPY, "torch.nn:Softmax"): "NET902",
    (CROSS_ENTROPY, "torch.nn:LogSoftmax"): "NET902",
    (BINARY, "torch.nn:Sigmoid"): "NET903",
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
        code = APPLIED.get((loss.component.target, place.target), "NET904")
        what = f"`{place.node.name}` before `{name}`"
        because = "takes the scores as they are" if code == "NET904" else "applies it itself"
        yield _ending(program, code, f"{what}, which {because}", place, loss.span)


def dropout_on_scores(program: Program) -> Iterator[Diagnostic]:
    """NET905: dropout of the net's own output."""
    loss = program.experiment.loss
    for place in _tail(program) if loss else ():
        if place.target == "torch.nn:Dropout" and place.argument("p"):
            message = f"`{place.node.name}` behind the last layer sets outputs of the net to zero"
            yield _ending(program, "NET905", message, place, None)


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
        yield Diagnostic("NET906", message, span, labels=labels, help=advice, fix=fix)


def _tail(program: Program) -> Iterator[Place]:
    """What stands behind the last layer, statements that stand for nothing else."""
    for place in tail(program.last):
        span = place.node.span
        if place.is_written and span in program.statements and program.occurrences[span] == 1:
            yield place


def _ending(program: Program, code: str, message: str, place: Place, loss: Span | None) -> Diagnostic:
    labels = (Label(loss, "this loss"),) if loss else ()
    fix = delete(program.statements[place.node.span])
    return Diagnostic(code, message, place.node.span, labels=labels, help=None if fix else "leave it out", fix=fix)
