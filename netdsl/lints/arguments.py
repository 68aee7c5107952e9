"""Arguments that do nothing, or more than is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import dropwhile

from netdsl.core.diagnostics import Code, Diagnostic, Label
from netdsl.lints.activations import changes_nothing
from netdsl.lints.edits import without
from netdsl.lints.program import SEQUENCES, Place, Program
from netdsl.program import Node

IDLE_DROPOUT = Code(
    "NET915",
    title="dropout between the layers of one layer",
    meaning=(
        "The `dropout` of `lstm`, `gru` and `rnn` acts between their layers. With one layer there is no such "
        "place, and nothing is dropped. A `dropout` behind it drops numbers of its output."
    ),
    example="input 8x16\nlstm 32 dropout=0.5",
    instead="input 8x16\nlstm 32 num_layers=2 dropout=0.5",
)

OVERWRITTEN_NUMBERS = Code(
    "NET916",
    title="numbers overwritten that are needed again",
    meaning=(
        "An `inplace` activation saves memory by writing its output over its input. Where a skip carries that "
        "input on, it carries the activation's output instead; where the layer before works its gradient out "
        "from its own output, as `relu`, `sigmoid`, `tanh` and `softmax` do, training stops with an error of "
        "torch's."
    ),
    example="input 8\nresidual { relu inplace=true; linear 8 }",
    instead="input 8\nresidual { relu; linear 8 }",
)


RECURRENT = ("netdsl.modules:LSTM", "netdsl.modules:GRU", "netdsl.modules:RNN")
VIEWS = (
    "torch.nn:Flatten",
    "torch.nn:Identity",
    "torch.nn:Unflatten",
    "netdsl.modules:Permute",
    "netdsl.modules:Reshape",
    "netdsl.modules:Transpose",
)
"""What these give is the numbers that they were given, seen otherwise."""

NEEDED_AGAIN = (
    "torch.nn:LogSoftmax",
    "torch.nn:ReLU",
    "torch.nn:Sigmoid",
    "torch.nn:Softmax",
    "torch.nn:Softmin",
    "torch.nn:Tanh",
)
"""Their gradient is worked out from their output."""


def dropout_between_no_layers(program: Program) -> Iterator[Diagnostic]:
    """NET915: dropout between the layers of an `lstm` that has only one."""
    for place in program.everywhere(_drops_nothing):
        name = place.node.name
        message = f"`dropout` acts between the layers of `{name}`, and there is only one"
        fix = without(program.statements[place.node.span], "dropout")
        advice = None if fix else "leave it out, or write `num_layers=2`"
        yield Diagnostic(IDLE_DROPOUT, message, place.node.span, help=advice, fix=fix)


def overwritten(program: Program) -> Iterator[Diagnostic]:
    """NET916: numbers overwritten by `inplace` that are needed once more."""
    first = _first(program)
    for place in program.somewhere(lambda place: place.node is not first and _overwrites(place)):
        before = _computed(place)
        message, labels = "`inplace` overwrites what other layers receive too", list[Label]()
        if before:
            message = f"`inplace` overwrites what the gradient of `{before.node.name}` is worked out from"
            labels = [Label(before.node.span, "needs its own output again")]
        fix = without(program.statements[place.node.span], "inplace")
        advice = None if fix else "leave it out"
        yield Diagnostic(OVERWRITTEN_NUMBERS, message, place.node.span, labels=tuple(labels), help=advice, fix=fix)


def _first(program: Program) -> Node | None:
    """The layer that alone receives the net's input."""
    nodes: Sequence[Node] = program.experiment.network.nodes
    while nodes and nodes[0].call.target in SEQUENCES:
        nodes = nodes[0].children
    return nodes[0] if nodes else None


def _drops_nothing(place: Place) -> bool:
    return place.target in RECURRENT and place.argument("num_layers", 1) == 1 and place.argument("dropout", 0.0) > 0


def _overwrites(place: Place) -> bool:
    """Whether it changes, in their place, numbers that are not its alone."""
    if place.argument("inplace") is not True or changes_nothing(place):
        return False
    before = _computed(place)
    return before is None or before.target in NEEDED_AGAIN


def _computed(place: Place) -> Place | None:
    """The layer that computed what comes in; None where others receive that too."""
    return next(dropwhile(lambda before: before.target in VIEWS, place.chain()), None)
