"""NET907: a bias that the batch's mean takes away again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.source import Span
from netdsl.core.text import ntext, text
from netdsl.language.syntax import Body, Name, Setting, Short, Statement
from netdsl.lints.comments import is_allowed
from netdsl.lints.lint import lint
from netdsl.lints.program import PlacedLayer, Program

BIAS_BEFORE_NORMALISATION = Code(
    "NET907",
    title="a bias before batch normalisation",
    meaning=(
        "Batch normalisation subtracts each channel's mean, and with it any bias that was added just before; "
        "then it adds a learned shift of its own. The bias costs memory and time, and learns nothing."
    ),
    example="input 3x32x32\nconv 32 k3 p1; bn; relu",
    instead="input 3x32x32\nconv 32 k3 p1 bias=false; bn; relu",
)


@lint(BIAS_BEFORE_NORMALISATION)
def find_bias_before_normalisation(program: Program) -> Iterator[Diagnostic]:
    """Warns of biases whose output only a batch normalisation receives: once in a file, with their number."""
    norms = {place.before: place.node for place in program.places if Trait.NORMALISES in place.traits and place.before}
    found = [
        (place, norms[place])
        for place in program.everywhere(lambda place: place in norms and _has_channel_bias(place))
        # Those that are allowed are neither counted nor changed.
        if not is_allowed(BIAS_BEFORE_NORMALISATION, place.node.span)
    ]
    if not found:
        return
    # One warning with a number: a deep net would have one for each of its layers.
    place, norm = found[0]
    message = text("the bias of `{layer}` is taken away again by `{norm}`", layer=place.node.name, norm=norm.name)
    if len(found) > 1:
        message = ntext(
            "the bias of `{layer}` is taken away again by `{norm}`, and so is {count} more bias",
            "the bias of `{layer}` is taken away again by `{norm}`, and so are {count} more biases",
            layer=place.node.name,
            norm=norm.name,
            count=len(found) - 1,
        )
    labels = (Label(norm.span, "subtracts the mean"),)
    fix = _without_biases([program.statements[place.node.span] for place, _ in found])
    advice = None if fix else "write `bias=false`"
    yield Diagnostic(BIAS_BEFORE_NORMALISATION, message, place.node.span, labels=labels, help=advice, fix=fix)


def _has_channel_bias(place: PlacedLayer) -> bool:
    """Whether it adds a number to each channel: a `linear` of a sequence adds one to each feature."""
    channels = Trait.CONVOLUTION in place.traits or (Trait.LINEAR in place.traits and len(place.node.out) == 1)
    return channels and place.argument("bias", False) is True


def _without_biases(statements: Sequence[Statement]) -> Fix | None:
    """Writes `bias=false` in each statement; None where one has too many arguments to say which is the bias.

    The net computes the same, but its `state_dict` loses keys: a saved one fits no more.
    """
    edits = [edit for statement in statements if (edit := _without_bias(statement))]
    if len(edits) < len(statements):
        return None
    message = "write `bias=false`" if len(edits) == 1 else "write `bias=false` in each of them"
    return Fix(message, tuple(edits), safe=False)


def _without_bias(statement: Statement) -> Edit | None:
    for item in statement.items:
        named = item.name if isinstance(item, Setting) else item
        if isinstance(named, Name) and named.text == "bias":
            return Edit(item.span, "bias=false")
    values: Sequence[object] = [item for item in statement.items if not isinstance(item, (Setting, Short, Body))]
    if len(values) > 3:
        return None
    last = statement.items[-1] if statement.items else statement.flow or statement.name
    return Edit(Span(statement.span.source, last.span.end, last.span.end), " bias=false")
