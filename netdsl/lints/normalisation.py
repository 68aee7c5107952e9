"""Batch normalisation: what it makes superfluous, and what it cannot do without."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.sizes import product
from netdsl.core.source import Span
from netdsl.language.statements import DATA
from netdsl.language.syntax import Body, Setting, Statement
from netdsl.lints.edits import without_bias
from netdsl.lints.program import Place, Program
from netdsl.program import DataUse

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


NORMALISATION = "torch.nn:BatchNorm"
BIASED = (
    "torch.nn:Linear",
    "torch.nn:Conv",
    "torch.nn:ConvTranspose",
    "netdsl.modules:SameConv",
)


def bias_before_normalisation(program: Program) -> Iterator[Diagnostic]:
    """NET907: a bias that the batch's mean takes away again."""
    norms = {place.before: place.node for place in program.places if place.target == NORMALISATION and place.before}
    for place in program.everywhere(lambda place: _has_bias(place) and place in norms):
        norm = norms[place]
        message = f"the bias of `{place.node.name}` is taken away again by `{norm.name}`"
        labels = (Label(norm.span, "subtracts the mean"),)
        fix = without_bias(program.statements[place.node.span])
        advice = None if fix else "write `bias=false`"
        yield Diagnostic(BIAS_BEFORE_NORMALISATION, message, place.node.span, labels=labels, help=advice, fix=fix)


def batch_of_one(program: Program) -> Iterator[Diagnostic]:
    """NET908: a batch of one sample, of which there is no variance."""
    data = program.experiment.data
    norm = next((place.node for place in program.places if place.target == NORMALISATION), None)
    line = next((line for line in program.file.statements if line.name.text == DATA.name), None)
    if data is None or norm is None or line is None:  # `--data` has no line to point at
        return
    labels = (Label(norm.span, "normalises over the batch"),)
    if data.settings.batch == 1:
        message = f"`{norm.name}` has nothing to normalise over in a batch of one sample"
        advice = f"write a larger batch, or use `layernorm` or `groupnorm` in place of `{norm.name}`"
        yield Diagnostic(BATCH_OF_ONE, message, _batch(line), labels=labels, help=advice)
    elif _leaves_one(data) and any(_has_one_position(place) for place in program.places):
        message = f"the last batch of an epoch has one sample, and `{norm.name}` cannot train on it"
        fix = Fix("write `drop_last`", (Edit(_end(line), " drop_last"),))
        yield Diagnostic(BATCH_OF_ONE, message, _batch(line), labels=labels, fix=fix)


def _has_bias(place: Place) -> bool:
    return place.target in BIASED and place.argument("bias", True) is True


def _has_one_position(place: Place) -> bool:
    return place.target == NORMALISATION and product(place.node.input[1:]) == 1


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
