"""NET910: an activation that leaves everything as it is."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.core.diagnostics import Code, Diagnostic, Label
from netdsl.core.text import text
from netdsl.lints.edits import delete
from netdsl.lints.lint import lint
from netdsl.lints.patterns import changes_nothing, overwrites
from netdsl.lints.program import Program

IDLE_ACTIVATION = Code(
    "NET910",
    title="an activation that changes nothing",
    meaning=(
        "What is positive already is left alone by `relu`: behind another `relu`, a `sigmoid` or a `softmax` it "
        "does nothing. Most often a line was copied once too often."
    ),
    example="input 64\nlinear 32; relu; relu; linear 10",
    instead="input 64\nlinear 32; relu; linear 10",
)


@lint(IDLE_ACTIVATION)
def find_idle_activation(program: Program) -> Iterator[Diagnostic]:
    """Warns of an activation behind a layer that has done its work."""
    # One that also stops the training is told of that alone.
    for place in program.everywhere(lambda place: changes_nothing(place) and not overwrites(place)):
        assert place.before is not None
        before = place.before.node
        message = text("`{layer}` after `{before}` changes nothing", layer=place.node.name, before=before.name)
        labels = (Label(before.span, "the same has happened here"),)
        fix = delete(program.statements[place.node.span])
        yield Diagnostic(IDLE_ACTIVATION, message, place.node.span, labels=labels, fix=fix)
