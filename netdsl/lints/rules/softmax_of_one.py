"""NET911: a softmax over one number."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.lints.lint import lint
from netdsl.lints.program import PlacedLayer, Program

SOFTMAX_OF_ONE = Code(
    "NET911",
    title="a softmax of one number",
    meaning=(
        "A softmax makes shares that add up to 1, and the share of a single number is 1 whatever it is: the net "
        "can say only one thing. For a yes or a no, `sigmoid` is meant."
    ),
    example="input 64\nlinear 1; softmax",
    instead="input 64\nlinear 1; sigmoid",
)


@lint(SOFTMAX_OF_ONE)
def find_softmax_of_one(program: Program) -> Iterator[Diagnostic]:
    """Warns of a softmax, or its logarithm, along a dimension of size 1."""
    for place in program.somewhere(_is_of_one):
        value = 0 if Trait.LOGSOFTMAX in place.traits else 1
        message = text("`{layer}` of a single number is always {value}", layer=place.node.name, value=value)
        advice = "for a yes or a no use `sigmoid`, for classes give each its own output"
        yield Diagnostic(SOFTMAX_OF_ONE, message, place.node.span, help=advice)


def _is_of_one(place: PlacedLayer) -> bool:
    dim = place.argument("dim")
    # Dimension 0 is the batch, over which no share is known.
    if not place.traits & {Trait.SOFTMAX, Trait.LOGSOFTMAX} or not isinstance(dim, int) or dim == 0:
        return False
    sizes = place.node.input
    axis = dim - 1 if dim > 0 else len(sizes) + dim  # the module counts the batch
    return 0 <= axis < len(sizes) and sizes[axis] == 1
