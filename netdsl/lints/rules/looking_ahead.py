"""NET926: a layer that sees the tokens which the net is to predict."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic, Fix, Label
from netdsl.core.text import text
from netdsl.language.syntax import Statement
from netdsl.lints.edits import with_flag, without
from netdsl.lints.lint import lint
from netdsl.lints.program import PlacedLayer, Program

LOOKING_AHEAD = Code(
    "NET926",
    title="a layer that sees what is to be predicted",
    meaning=(
        "The target of each step is the token that follows it. A layer that reads the sequence backwards as well, or "
        "attends to all of it, sees that token and only has to copy it: the loss falls to nearly nothing, and the net "
        "cannot write."
    ),
    example='data text "nets" length=32\nembedding 61->64; transformer 4; linear 61',
    instead='data text "nets" length=32\nembedding 61->64; transformer 4 causal; linear 61',
)


@lint(LOOKING_AHEAD)
def find_looking_ahead(program: Program) -> Iterator[Diagnostic]:
    """Warns of layers whose output at a step depends on later steps, where these are the targets."""
    data = program.experiment.data
    if data is None or not data.facts.predicts_next:
        return
    causes = (Label(data.span, "each token is to be predicted from those before it"),) if data.span else ()
    for place in program.somewhere(lambda place: Trait.LOOKS_AHEAD in place.traits):
        message = text("`{layer}` sees the tokens that it is to predict", layer=place.node.name)
        fix = _fix(place, program.statements[place.node.span])
        yield Diagnostic(LOOKING_AHEAD, message, place.node.span, labels=causes, fix=fix)


def _fix(place: PlacedLayer, statement: Statement) -> Fix | None:
    """Lets each step see only those before it."""
    causal = place.node.layer and place.node.layer.parameters.get("causal")
    if causal and not causal.default:
        return with_flag(statement, "causal")
    fix = without(statement, "causal" if causal else "bidirectional")
    # It changes what the net computes.
    return fix and fix._replace(safe=False)
