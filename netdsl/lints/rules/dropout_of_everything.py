"""NET917: a dropout that drops everything."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.lints.edits import delete
from netdsl.lints.lint import lint
from netdsl.lints.program import Program

DROPOUT_OF_EVERYTHING = Code(
    "NET917",
    title="a dropout that drops everything",
    meaning="With a probability of 1 every number is set to zero in training, and no layer before it learns anything.",
    example="input 8\nlinear 8; relu; dropout 1; linear 2",
    instead="input 8\nlinear 8; relu; dropout 0.5; linear 2",
)


@lint(DROPOUT_OF_EVERYTHING)
def find_dropout_of_everything(program: Program) -> Iterator[Diagnostic]:
    """Warns of a dropout whose probability is 1."""
    for place in program.everywhere(lambda place: Trait.DROPOUT in place.traits and place.argument("p") == 1):
        message = text("`{layer}` drops everything", layer=place.node.name)
        fix = delete(program.statements[place.node.span])
        yield Diagnostic(DROPOUT_OF_EVERYTHING, message, place.node.span, fix=fix)
