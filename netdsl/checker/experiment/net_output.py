"""The net's output, compared with the loss, the metrics and the data's targets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from netdsl.checker.context import Context
from netdsl.checker.experiment.codes import WRONG_OUTPUT, WRONG_TARGET
from netdsl.components import Facts, Loss, Metric
from netdsl.components.positions import positions_of_sample
from netdsl.core.diagnostics import Edit, Fix
from netdsl.core.sizes import UNKNOWN, Dim, Shape, Unknown, evaluate, format_shape, product, symbols
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.statements import LOSS, METRICS
from netdsl.program import Network, Node, Use


def kind_of_targets(facts: Facts) -> Literal["classes", "numbers"]:
    """The kind of the data's targets."""
    return "numbers" if facts.classes is None else "classes"


def transformed_target(facts: Facts, shape: Shape | None) -> Shape:
    """The shape of a target that reaches the loss. A mask is transformed with its image."""
    sample = facts.input or ()
    if len(sample) != 3 or len(facts.target) != 2 or facts.target != sample[1:]:
        return facts.target
    return (UNKNOWN, UNKNOWN) if shape is None or len(shape) != 3 else shape[1:]


def kind_of_measures(targets: str | None, loss: Use[Loss] | None) -> str | None:
    """The kind that the metrics measure: that of the targets, but for some losses numbers are yes-or-no answers."""
    return "binary" if targets == "numbers" and loss and loss.component.wants == "binary" else targets


def check_loss(use: Use[Loss], network: Network, facts: Facts, context: Context) -> None:
    """Checks that the loss fits the targets, and that the net's output fits the loss."""
    wants, found = use.component.wants, kind_of_targets(facts)
    if wants != "binary" and wants != found:
        name = use.component.name
        message = (
            text("`{loss}` compares with classes, but the data's targets are numbers", loss=name)
            if wants == "classes"
            else text("`{loss}` compares with numbers, but the data's targets are classes", loss=name)
        )
        # The output is then checked with the loss of the fix, so that both mistakes are found at once.
        _another(use, LOSS.default_for(found), message, context)
        wants = found
    elif wants == "binary" and facts.classes not in (None, 2):
        message = text(
            "`{loss}` is for two classes, but the data has {classes}", loss=use.component.name, classes=facts.classes
        )
        _another(use, LOSS.default_for(found), message, context)
        wants = found
    if not network.nodes or any(isinstance(dim, Unknown) for dim in network.out):
        return
    # A net gives a single number as a vector of length 1.
    expected: Shape = facts.target or (1,)
    if wants != "classes":
        # With one number per position, the output may have an axis of length 1, before or after the positions.
        if network.out not in (expected, (1, *expected), (*expected, 1)):
            _wrong_output(network, expected, wants, context)
    elif not facts.target:
        if network.out != (facts.classes,):
            _wrong_output(network, (facts.classes or 0,), wants, context)
    elif not _has_a_class_everywhere(out := _out_for(network, facts), facts):
        _wrong_scores(network, out, facts, context)


def check_metrics(uses: Sequence[Use[Metric]], facts: Facts, measured: str | None, context: Context) -> None:
    """Checks that the metrics fit the targets."""
    found = kind_of_targets(facts)
    for use in uses:
        name, wants = use.component.name, use.component.wants
        message = None
        if wants == "binary":
            if facts.classes not in (None, 2):
                message = text(
                    "`{metric}` is for two classes, but the data has {classes}", metric=name, classes=facts.classes
                )
        elif wants == "numbers" and found == "classes":
            message = text("`{metric}` measures numbers, but the data's targets are classes", metric=name)
        elif wants == "classes" and found == "numbers":
            message = text("`{metric}` measures classes, but the data's targets are numbers", metric=name)
        if message:
            _another(use, METRICS.default_for(measured), message, context)


def _has_a_class_everywhere(out: Shape, facts: Facts) -> bool:
    """Whether an output has a score for each class at each position. Sizes known only after reading fit any."""
    for scores in ((*facts.target, facts.classes), (facts.classes, *facts.target)):
        if len(out) == len(scores) and all(
            wanted == found or not isinstance(wanted, int) for wanted, found in zip(scores, out, strict=True)
        ):
            return True
    return False


def _out_for(network: Network, facts: Facts) -> Shape:
    """What comes out for samples with the positions that the targets have, where the net leaves these sizes open."""
    positions = zip(positions_of_sample(network.input), facts.target, strict=False)
    values = {str(dim): size for dim, size in positions if isinstance(size, int) and symbols((dim,)) == {str(dim)}}
    return tuple(evaluate(dim, values) if symbols((dim,)) <= values.keys() else dim for dim in network.out)


def _wrong_scores(network: Network, out: Shape, facts: Facts, context: Context) -> None:
    """Reports which shape the scores need, and how the net can end to give it."""
    classes, positions = facts.classes or 0, facts.target
    last = _last_sizing(network)
    # A text is predicted token by token.
    are_tokens = facts.indices == facts.classes
    message = text(
        "the net ends in {out}, but the text has {classes} tokens, of which one follows each of {positions} positions"
        if are_tokens
        else "the net ends in {out}, but the data has {classes} classes for each of {positions} positions",
        out=format_shape(out) or text("one number"),
        classes=classes,
        positions=format_shape(positions),
    )
    fix = advice = None
    if out[1:] == positions and len(out) > 1:
        fix = _resized(last, network, classes, 0)
        advice = text("end with `conv {classes} k1`", classes=classes)
    elif out[:-1] == positions:
        fix = _resized(last, network, classes, -1)
        advice = text("end with `linear {classes}`", classes=classes)
    elif len(positions) == 1:
        advice = text(
            "it needs {sizes}: end with `linear {classes}` over all steps, without `last`, `mean` or `flatten`",
            sizes=format_shape((*positions, classes)),
            classes=classes,
        )
    elif len(out) == 3:
        advice = text(
            "it needs {sizes}: end with `conv {classes} k1; upsample size={positions}`",
            sizes=format_shape((classes, *positions)),
            classes=classes,
            positions=format_shape(positions),
        )
    else:
        advice = text(
            "it needs {sizes}: keep the image up to `conv {classes} k1`, without `flatten`",
            sizes=format_shape((classes, *positions)),
            classes=classes,
        )
    context.report(WRONG_OUTPUT, message, last.span, help=None if fix else advice, fix=fix)


def _another(use: Use[Loss] | Use[Metric], name: str | None, message: str, context: Context) -> None:
    if use.span and name:
        context.report(
            WRONG_TARGET,
            message,
            use.span,
            fix=Fix(text("write `{name}`", name=name), (Edit(use.span, name),), safe=False),
        )


def _wrong_output(network: Network, expected: Shape, wants: str, context: Context) -> None:
    last = _last_sizing(network)
    out, target = format_shape(network.out) or text("one number"), format_shape(expected)
    message = (
        text("the net ends in {out}, but the data has {expected} classes", out=out, expected=target)
        if wants == "classes"
        else text("the net ends in {out}, but the data has a target of {expected}", out=out, expected=target)
    )
    # The fix that keeps most of the net comes first; the one that changes a number comes last.
    fix = _reshaped(network, expected) or _taken_apart(last, network, expected)
    if fix is None and len(network.out) == len(expected) == 1:
        fix = _resized(last, network, expected[0], 0)
    advice = None if fix else _ending(network, expected)
    context.report(WRONG_OUTPUT, message, last.span, help=advice, fix=fix)


def _ending(network: Network, expected: Shape) -> str:
    """Advice on the last layers of a net for such a target."""
    if len(network.out) > 1 and network.out[:1] == expected and _ends_as_sequence(network):
        return "each step has a target of its own: end with `linear 1; flatten`"
    if len(network.out) > 1 and network.out[1:] == expected:
        sizes = format_shape(expected)
        return text("each position has a target of its own: end with `conv 1 k1; reshape {sizes}`", sizes=sizes)
    ending = [] if len(network.out) == 1 else ["last" if _ends_as_sequence(network) else "flatten"]
    ending.append(f"linear {product(expected)}")
    if len(expected) > 1:
        ending.append(f"reshape {format_shape(expected)}")
    return text("end with `{ending}`", ending="; ".join(ending))


def _last_sizing(network: Network) -> Node:
    """The last layer that decides the number of outputs: the one before trailing activations."""
    leaves = [node for node, _ in network.count_nodes() if not node.children]
    return next((node for node in reversed(leaves) if node.layer and node.layer.flow), (leaves or network.nodes)[-1])


def _reshaped(network: Network, expected: Shape) -> Fix | None:
    """Writes `flatten` or `reshape` after a net whose output has the right number of values."""
    if product(network.out) != product(expected) or len(network.out) == len(expected) == 1:
        return None
    step = "flatten" if len(expected) == 1 else f"reshape {format_shape(expected)}"
    span = network.nodes[-1].span
    return Fix(text("write `{step}` after it", step=step), (Edit(Span(span.source, span.end, span.end), f"; {step}"),))


def _taken_apart(node: Node, network: Network, expected: Shape) -> Fix | None:
    """Writes `flatten` (or `last` for a sequence) before a `linear` whose output is right for each row or step."""
    sees_features = node.layer is not None and -1 in node.layer.stated.values() and not node.layer.accepts
    if not sees_features or _stands_for_several(node, network) or network.out != node.out or node.out[-1:] != expected:
        return None
    start = Span(node.span.source, node.span.start, node.span.start)
    if _ends_as_sequence(network):
        message = text("write `last` before it, which takes the last step (`mean` takes the average of all)")
        return Fix(message, (Edit(start, "last; "),), safe=False)
    return Fix("write `flatten` before it", (Edit(start, "flatten; "),)) if len(node.out) > 1 else None


def _ends_as_sequence(network: Network) -> bool:
    """Whether the output is a sequence T×F: the last layer that takes only one layout decides."""
    layers = [node.layer for node, _ in network.count_nodes() if node.layer and node.layer.accepts]
    return len(network.out) == 2 and (not layers or layers[-1].assumes == "TF")


# The nodes of a `repeat` or of a block share the text of their statement.
def _stands_for_several(node: Node, network: Network) -> bool:
    return sum(times for other, times in network.count_nodes() if other.span == node.span) > 1


def _resized(node: Node, network: Network, wanted: Dim, axis: int) -> Fix | None:
    """Writes the number of outputs into the last layer's statement, if it stands for only one layer."""
    if _stands_for_several(node, network) or node.out != network.out:
        return None
    # A computed number does not stand in the text, so no edit can replace it.
    found = re.search(rf"(?:->\s*|\s){node.out[axis]}(?!\S)", node.span.text)
    if found is None:
        return None
    end = node.span.start + found.end()
    number = str(wanted)
    span = Span(node.span.source, end - len(str(node.out[axis])), end)
    return Fix(text("write `{statement}`", statement=_replaced(node.span, span, number)), (Edit(span, number),))


def _replaced(whole: Span, part: Span, text: str) -> str:
    source = whole.source.text
    return source[whole.start : part.start] + text + source[part.end : whole.end]
