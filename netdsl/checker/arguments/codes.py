"""The codes about arguments that several modules report."""

from __future__ import annotations

from netdsl.core.diagnostics import Code
from netdsl.core.text import Text, text

UNKNOWN_PARAMETER = Code(
    "NET102",
    title="an unknown parameter",
    meaning=("The layer has no parameter of this name, and no short of this letter. `netdsl layers NAME` lists them."),
    example="conv 3->32 kernal=3",
    instead="conv 3->32 kernel=3",
)

WRONG_VALUE = Code(
    "NET103",
    title="a value of the wrong kind",
    meaning=(
        "The parameter takes another kind of value: a number instead of a word, a size instead of `true` or `false`, "
        "or another one of a few words."
    ),
    example="conv 3->32 k3 padding_mode=mirror",
    instead="conv 3->32 k3 padding_mode=reflect",
)

GIVEN_TWICE = Code(
    "NET105",
    title="something given twice",
    meaning="A parameter, a variable or a statement may be given once, but is given twice. Neither one wins silently.",
    example="conv 3->32 k3 kernel=5",
    instead="conv 3->32 k5",
)

UNKNOWN_NAME = Code(
    "NET106",
    title="an unknown name",
    meaning=(
        "A bare name is a variable, if `let`, a block's parameter or a symbol of the input defines it. Else it is one "
        "of the words that the parameter knows. This is neither."
    ),
    example="let width=64\nconv 3->(widht*2) k3",
    instead="let width=64\nconv 3->(width*2) k3",
)

WRONG_BODY = Code(
    "NET108",
    title="a body that does not belong here, or a missing body",
    meaning="Composites such as `residual` and `concat` have layers in braces; plain layers do not.",
    example="input 8\nlinear 8 { relu }",
    instead="input 8\nlinear 8\nrelu",
)

WRONG_FLOW = Code(
    "NET109",
    title="an arrow where none is allowed",
    meaning=(
        "`3->32` states the sizes of the input and of the output. Only layers that change a size, such as `conv` and "
        "`linear`, take it."
    ),
    example="input 8\nrelu 8->8",
    instead="input 8\nrelu",
)

TOO_LARGE = Code(
    "NET403",
    title="a number that is too large",
    meaning=(
        "Integers stay below 2^31, fractions below 3.4e38, tensors and weights below 2^53 numbers, and a net "
        "below 100,000 layers, of which 20,000 may differ."
    ),
    example="conv 3->3G k3",
    instead="conv 3->300 k3",
)


def unknown_name(name: str) -> Text:
    """The message about a bare name that means nothing."""
    return text("unknown name `{name}`", name=name)
