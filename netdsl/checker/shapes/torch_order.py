"""Sizes without an arrow in torch's order, `conv 3 6 3`, which has another meaning here."""

from __future__ import annotations

from itertools import takewhile

from netdsl.checker.recover.torch_order import can_be_torch_order
from netdsl.components import Layer
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix
from netdsl.core.text import text
from netdsl.language.syntax import Number, Statement

TORCH_ORDER = Code(
    "NET920",
    title="sizes in torch's order",
    meaning=(
        "In torch, the input size is the first argument of a layer. Here it stands before an arrow or is left out, "
        "and the first number is the output size: `conv 3 8 4` has 3 output channels, a kernel of 8 and a stride of "
        "4. The first number equals the input size, so torch's order is probably meant."
    ),
    example="input 3x32x32\nconv 3 8 4",
    instead="input 3x32x32\nconv 3->8 4",
)

LARGEST = 11
"""A number above it is rare for a kernel or for layers, but usual for channels."""


def find_torch_order(layer: Layer, statement: Statement, received: int) -> Diagnostic | None:
    """The warning for a statement in torch's order.

    Args:
        layer: the layer that the statement names.
        statement: the statement.
        received: the input size, which the statement leaves out.
    """
    numbers = list(takewhile(lambda item: isinstance(item, Number), statement.items))
    if statement.flow or not can_be_torch_order(layer, len(numbers)):
        return None
    first, second = (number.value for number in numbers[:2] if isinstance(number, Number))
    # A first number that equals the input size is a coincidence, unless the second is a likely number of channels.
    if first != received or not isinstance(second, int) or second <= min(received, LARGEST):
        return None
    written = [number.span.text for number in numbers]
    positional = (name for name, parameter in layer.parameters.items() if parameter.positional)
    reading = " ".join(f"{name}={value}" for name, value in zip(positional, written, strict=False))
    arrow = f"{written[0]}->{written[1]}"
    return Diagnostic(
        TORCH_ORDER,
        text("`{statement}` means {reading}, not {arrow}", statement=statement.span.text, reading=reading, arrow=arrow),
        statement.span,
        help=None,
        fix=Fix(
            text("write `{arrow}` if {size} is the input size, as in torch", arrow=arrow, size=written[0]),
            (Edit(numbers[0].span.to(numbers[1].span), arrow),),
            safe=False,
        ),
    )
