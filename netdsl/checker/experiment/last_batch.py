"""The last batch of an epoch, if it has one sample and a layer cannot be trained on one sample."""

from __future__ import annotations

from netdsl.analysis.batch_statistics import find_single_value
from netdsl.checker.context import Context
from netdsl.components.settings import count_training
from netdsl.core.diagnostics import Code, Edit, Fix, Label
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.syntax import Body, Setting, Statement
from netdsl.program import DataUse, Network

SINGLE_VALUE = Code(
    "NET308",
    title="batch normalisation of a single value",
    meaning=(
        "Batch normalisation compares the values of a channel with each other, over the batch and all positions. In a "
        "batch of one sample a vector, or a map of one position, has only one value to a channel, which torch refuses "
        "to train on. It may come up in the last batch of an epoch alone."
    ),
    example="data digits batch=4\nflatten; linear 16 bias=false; bn; relu; linear 10",
    instead="data digits batch=4 drop_last\nflatten; linear 16 bias=false; bn; relu; linear 10",
)


def check_last_batch(network: Network, data: DataUse, line: Statement, context: Context) -> None:
    """Reports that `run` would stop, if the last batch surely has one sample."""
    if not _leaves_one(data):
        return
    node = find_single_value(network)
    if node is None:
        return
    labels = [Label(node.span, "normalises over the batch")]
    # With a batch size of 1, every step fails, and `drop_last` does not help.
    if data.settings.batch == 1:
        message = text("a batch has one sample, and `{layer}` cannot normalise over one value", layer=node.name)
        template = "write a larger batch, or `layernorm` instead of `{layer}`"
        if len(node.input) > 1:  # a layernorm over the last axis would have a single value too
            template = "write a larger batch, or put `{layer}` where its input has several positions"
        context.report(SINGLE_VALUE, message, _batch(line), labels=labels, help=text(template, layer=node.name))
        return
    message = text("the last batch has one sample, and `{layer}` cannot normalise over one value", layer=node.name)
    fix = Fix("write `drop_last`", (Edit(_end(line), " drop_last"),))
    context.report(SINGLE_VALUE, message, _batch(line), labels=labels, fix=fix)


def _leaves_one(data: DataUse) -> bool:
    """Whether one sample remains for the last batch; False if only reading the data can tell."""
    settings = data.settings
    if settings.batch == 1:
        return True
    if data.facts.sizes is None or settings.drop_last:
        return False
    counts = count_training(data.facts.sizes[0], settings)
    return any(min(settings.limit or count, count) % settings.batch == 1 for count in counts)


def _batch(line: Statement) -> Span:
    """The place of the batch size if it is written, else of the data set's name."""
    written = (item for item in line.items if isinstance(item, Setting) and item.name.text == "batch")
    return next(written, line.items[0]).span


def _end(line: Statement) -> Span:
    """The place for another argument: after the last one, before a body."""
    last = [item for item in line.items if not isinstance(item, Body)][-1].span
    return Span(last.source, last.end, last.end)
