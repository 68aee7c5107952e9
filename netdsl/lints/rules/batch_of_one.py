"""NET908: a batch of one sample, of which there is no variance."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.sizes import product
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.statements import DATA
from netdsl.language.syntax import Body, Setting, Statement
from netdsl.lints.lint import lint
from netdsl.lints.program import PlacedLayer, Program
from netdsl.program import DataUse

BATCH_OF_ONE = Code(
    "NET908",
    title="batch normalisation of a single sample",
    meaning=(
        "Batch normalisation compares the samples of a batch with each other. A batch of one has nothing to "
        "compare, and a vector of one sample is an error in torch when it comes up in training, which may be in "
        "the last batch of an epoch."
    ),
    example="data cifar10 batch=1\nconv 10 k3 bias=false; bn; relu; gap; flatten; linear 10",
    instead="data cifar10 batch=64\nconv 10 k3 bias=false; bn; relu; gap; flatten; linear 10",
)


@lint(BATCH_OF_ONE)
def find_batch_of_one(program: Program) -> Iterator[Diagnostic]:
    """Warns of batches of one sample, and of a last batch of one that a vector's normalisation cannot train on."""
    data = program.experiment.data
    norm = next((place.node for place in program.places if Trait.NORMALISES in place.traits), None)
    line = next((line for line in program.file.statements if line.name.text == DATA.name), None)
    if data is None or norm is None or line is None:  # `--data` has no line to point at
        return
    labels = (Label(norm.span, "normalises over the batch"),)
    if data.settings.batch == 1:
        message = text("`{norm}` has nothing to normalise over in a batch of one sample", norm=norm.name)
        advice = text("write a larger batch, or use `layernorm` or `groupnorm` in place of `{norm}`", norm=norm.name)
        yield Diagnostic(BATCH_OF_ONE, message, _batch(line), labels=labels, help=advice)
    elif _leaves_one(data) and any(_has_one_position(place) for place in program.places):
        message = text("the last batch of an epoch has one sample, and `{norm}` cannot train on it", norm=norm.name)
        fix = Fix("write `drop_last`", (Edit(_end(line), " drop_last"),))
        yield Diagnostic(BATCH_OF_ONE, message, _batch(line), labels=labels, fix=fix)


def _has_one_position(place: PlacedLayer) -> bool:
    return Trait.NORMALISES in place.traits and product(place.node.input[1:]) == 1


def _leaves_one(data: DataUse) -> bool:
    """Whether one sample remains when the training set is cut into batches."""
    settings = data.settings
    if data.facts.sizes is None or settings.split is not None or settings.drop_last:
        return False
    samples = data.facts.sizes[0]
    return min(settings.limit or samples, samples) % settings.batch == 1


def _batch(line: Statement) -> Span:
    """The batch's size where it is written, else the data set's name."""
    written = (item for item in line.items if isinstance(item, Setting) and item.name.text == "batch")
    return next(written, line.items[0]).span


def _end(line: Statement) -> Span:
    """Where another argument can be written: behind the last, before a body."""
    last = [item for item in line.items if not isinstance(item, Body)][-1].span
    return Span(last.source, last.end, last.end)
