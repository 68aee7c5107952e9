"""What several lints look for in a net."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile, takewhile

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic, Label
from netdsl.core.source import Span
from netdsl.lints.edits import delete
from netdsl.lints.program import PlacedLayer, Program


def changes_nothing(place: PlacedLayer) -> bool:
    """Whether an activation leaves everything as the layer before it has made it."""
    before = place.before
    if before is None or Trait.ACTIVATION not in place.traits:
        return False
    # With other arguments, such as another `dim`, the second one does something.
    same = Trait.IDEMPOTENT in place.traits and before.node.call == place.node.call
    return same or (Trait.KEEPS_POSITIVE in place.traits and Trait.NEVER_NEGATIVE in before.traits)


def overwrites(place: PlacedLayer) -> bool:
    """Whether a layer writes over what is needed again: by another layer, or by the gradient of the one above."""
    if place.argument("inplace") is not True:
        return False
    before = find_source(place)
    return before is None or Trait.GRADIENT_FROM_OUTPUT in before.traits


def find_source(place: PlacedLayer) -> PlacedLayer | None:
    """The layer that computed what comes in; None where others receive that too."""
    # A view shares its memory with the layer above it.
    return next(dropwhile(lambda before: Trait.VIEW in before.traits, place.chain()), None)


def behind_the_scores(program: Program) -> Iterator[PlacedLayer]:
    """The activations and dropouts behind the last layer, the last first, where a statement stands for no other layer.

    What only hands numbers on may stand between them.
    """
    last = program.last
    ends = takewhile(
        lambda place: place.traits & {Trait.ACTIVATION, Trait.PASSES_THROUGH}, (last, *last.chain()) if last else ()
    )
    for place in ends:
        span = place.node.span
        if place.is_written and span in program.statements and program.occurrences[span] == 1:
            yield place


def superfluous(program: Program, code: Code, message: str, place: PlacedLayer, loss: Span | None = None) -> Diagnostic:
    """The warning for a layer that should not stand before the loss. Its fix changes what the net computes."""
    labels = (Label(loss, "this loss"),) if loss else ()
    fix = delete(program.statements[place.node.span])
    return Diagnostic(code, message, place.node.span, labels=labels, help=None if fix else "leave it out", fix=fix)
