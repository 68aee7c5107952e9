"""What a data set holds, to look at before training: counts, statistics, samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from netdsl.components import Facts
from netdsl.core.errors import DataError
from netdsl.core.shown import print_shown
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data.inputs import InputTensors, Samples, shapes_of, tensors_of
from netdsl.data.one_sample import OneSample, take_sample, transform_some
from netdsl.data.open import Data, read, serve
from netdsl.data.overlays import mask_classes, overlay_mask
from netdsl.data.sample_grid import grid_png
from netdsl.data.samples import Feature, Part, Tensors, unit_of
from netdsl.data.storage import Server, Session, sampled_images, statistics
from netdsl.data.target_scale import unscale
from netdsl.data.transform_chain import Chain
from netdsl.data.worker_reader import Broken, Key, Reader
from netdsl.program import DataUse

SAMPLES = 32

TEXTS = 3
"""So many samples of a text are shown."""

MOST_TARGETS = 4
"""At most so many numbers of a target are written below a picture."""


class SurveyedColumn(NamedTuple):
    """A column of a table: its smallest, mean and largest number, or its words with the count of each."""

    name: str
    numbers: tuple[float, ...] = ()
    words: tuple[tuple[str, int], ...] = ()


class SurveyedInput(NamedTuple):
    """One of several inputs: a sample's shape, as stored and as the net receives it, and the range of its numbers.

    Args:
        indices: how many indices an embedding needs; None for other numbers.
        numbers: the smallest, mean and largest number of those samples that were looked at, as stored.
        texts: some samples of a text, as tokens.
    """

    name: str
    stored: tuple[int, ...]
    shape: tuple[int, ...]
    indices: int | None
    numbers: tuple[float, ...]
    texts: tuple[str, ...] = ()


class SurveyedSample(NamedTuple):
    """One training sample, as it is stored and as the net receives it.

    Args:
        label: the name of its class, or the numbers of its target.
        cells: for a table, each column's name and value.
        unit: the stored value that stands for 1.
        mask: the class of each pixel that reaches the net; None where there are none.
        mask_classes: the names of these classes.
    """

    number: int
    label: str
    raw: Tensor
    x: Tensor
    cells: tuple[tuple[str, str], ...]
    unit: float
    mask: Tensor | None = None
    mask_classes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """A description of a data set. Printed or shown in a notebook, it is what `netdsl data` prints.

    Args:
        name: the data set's name.
        facts: what is known about it; `mean` and `std` are those of the training part, scaled to 0…1.
        shape: the shape of one sample as the net receives it.
        served: how it is served, as a phrase.
        stored: the smallest and the largest shape of the stored samples.
        counts: for each class, the numbers of training and of test samples; empty if targets are numbers.
        targets: the smallest, mean and largest target of the training part; empty if targets are classes.
        skipped: the broken files that were left out.
        raw: some stored images, bytes of 0…255; empty if samples are not images.
        transformed: the same as they reach the net in training, stretched to bytes of 0…255, below their masks.
        labels: a label for each of these images: its number among the training samples, and its class.
        columns: for a table, what each column holds in the training part.
        mask_classes: the names of the classes, where each pixel has one.
        texts: some training samples of a text, as tokens.
        inputs: of a net with several inputs, each; `raw` and `transformed` then have their images side by side.
    """

    name: str
    facts: Facts
    shape: tuple[int, ...]
    served: str
    stored: tuple[tuple[int, ...], tuple[int, ...]]
    counts: tuple[tuple[int, int], ...]
    targets: tuple[float, ...]
    skipped: tuple[str, ...]
    raw: tuple[Tensor, ...]
    transformed: tuple[Tensor, ...]
    labels: tuple[str, ...] = ()
    columns: tuple[SurveyedColumn, ...] = ()
    mask_classes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    inputs: tuple[SurveyedInput, ...] = ()

    def __repr__(self) -> str:
        return text("<Survey of {name}>", name=self.name)

    _repr_pretty_ = print_shown

    # The module that shows a survey imports this one, so it is imported when one is shown.

    def __str__(self) -> str:
        from netdsl.data.survey_report import survey_text

        return survey_text(self)

    def _repr_html_(self) -> str:
        from netdsl.data.survey_report import survey_html

        return survey_html(self)


def survey(use: DataUse, *, seed: int = 0) -> Survey:
    """Describes the data set of a `data` line. Raises `DataError` if it cannot be read."""
    server, parts = read(use, Session(torch.device("cpu"), seed))
    data = serve(server, parts)
    data.close()
    train, unit = parts[0], unit_of(parts[0], server.splits.unit)
    chain, testing = server.chains(data.facts, train)
    facts = _with_statistics(server, data.facts, train, testing)
    vocabulary = data.learnt.vocabulary
    if vocabulary and facts.target:  # each token is a class of its own
        facts = facts._replace(names=vocabulary.names)
    indices = torch.linspace(0, len(train) - 1, min(SAMPLES, len(train))).long()
    stored = _stored(train, indices)
    labels = [_labels(part) for part in parts]
    raw = list(map(side_by_side, stored.raw))
    pictured = bool(raw) and raw[0] is not None and raw[0].dim() == 3
    return Survey(
        name=use.component.name,
        facts=facts,
        shape=data.shape,
        served=data.description,
        stored=(min(shapes_of(one)[0] for one in stored.raw), max(shapes_of(one)[0] for one in stored.raw)),
        counts=_counts(labels, facts.classes) if facts.classes else (),
        targets=() if facts.classes else _range(unscale(labels[0], facts.scale)),
        skipped=data.skipped,
        raw=tuple(_bytes(one, unit) for one in raw if one is not None) if pictured else (),
        transformed=_transformed(train, chain, stored.indices, seed, mask_classes(facts)) if pictured else (),
        labels=tuple(
            _caption(index, _label(target, facts))
            for index, target in zip(stored.indices.tolist(), stored.targets, strict=True)
        ),
        columns=tuple(_columns(train, data.learnt.columns)),
        mask_classes=mask_classes(facts),
        texts=tuple(vocabulary.show(tensors_of(one)[0].tolist()) for one in stored.raw[:TEXTS]) if vocabulary else (),
        inputs=_inputs(stored.raw, data) if use.inputs else (),
    )


def survey_sample(use: DataUse, index: int, *, seed: int = 0) -> SurveyedSample:
    """A training sample of a `data` line, counted from 0. Raises `DataError` if there is no such sample."""
    server, (train, test) = read(use, Session(torch.device("cpu"), seed))
    if index >= len(train):
        raise DataError(
            text("there is no training sample {index}", index=index), text("samples are 0…{last}", last=len(train) - 1)
        )
    data = serve(server, (train, test))
    data.close()
    chain = server.chains(data.facts, train)[0]
    found = take_sample(train, chain, index, seed)
    if isinstance(found.raw, InputTensors) or isinstance(found.x, InputTensors):
        return _sample_of_inputs(index, found, data, unit_of(train, server.splits.unit))
    cells = tuple(_cells(found.raw, data.learnt.columns))
    if data.learnt.vocabulary:
        cells = ((text("tokens"), data.learnt.vocabulary.show(found.raw.tolist())),)
    label = _label(found.target, data.facts)
    unit, classes = unit_of(train, server.splits.unit), mask_classes(data.facts)
    mask = _mask(found.y.unsqueeze(0))[0] if classes else None
    return SurveyedSample(index, label, found.raw, found.x, cells, unit, mask, classes)


def side_by_side(x: Samples) -> Tensor | None:
    """A sample, or a batch; of several inputs the images, side by side where they have one size; None without any."""
    if isinstance(x, Tensor):
        return x
    dims = max((part.dim() for part in x.parts), default=0)
    images = [part for part in x.parts if part.dim() == dims >= 3]
    return torch.cat([one for one in images if one.shape == images[0].shape], -1) if images else None


def _inputs(raw: Sequence[Samples], data: Data) -> tuple[SurveyedInput, ...]:
    vocabularies = {one.name: one.vocabulary for one in data.learnt.inputs}
    found = []
    for place, (known, shape) in enumerate(zip(data.facts.inputs, data.shapes, strict=True)):
        samples = [tensors_of(one)[place] for one in raw]
        vocabulary = vocabularies.get(known.name)
        texts = tuple(vocabulary.show(one.tolist()) for one in samples[:TEXTS]) if vocabulary else ()
        values = torch.cat([one.flatten() for one in samples])
        found.append(SurveyedInput(known.name, tuple(samples[0].shape), shape, known.indices, _range(values), texts))
    return tuple(found)


def _sample_of_inputs(index: int, found: OneSample, data: Data, unit: float) -> SurveyedSample:
    """A sample of several inputs: the images, or else all numbers in a row, and each input as a cell."""
    vocabularies = {one.name: one.vocabulary for one in data.learnt.inputs}
    assert isinstance(found.raw, InputTensors)
    cells = []
    for name, part in found.raw.items():
        vocabulary, columns = vocabularies.get(name), [one for one in data.learnt.columns if one.input == name]
        if vocabulary:
            cells.append((name, vocabulary.show(part.tolist())))
        elif columns:
            own = list(_cells(part, columns))
            cells += own if len(own) == 1 else [(f"{name}: {column}", cell) for column, cell in own]
        elif part.numel() <= MOST_TARGETS:
            cells.append((name, ", ".join(f"{value:.6g}" for value in part.flatten().tolist())))
        else:
            cells.append((name, format_shape(part.shape)))
    raw, x = (_as_one(one) for one in (found.raw, found.x))
    return SurveyedSample(index, _label(found.target, data.facts), raw, x, tuple(cells), unit)


def _as_one(x: Samples) -> Tensor:
    shown = side_by_side(x)
    return torch.cat([part.flatten().double() for part in tensors_of(x)]) if shown is None else shown


def pair_png(sample: SurveyedSample) -> bytes:
    """A PNG of a sample that is an image: as it is stored, and to its right as the net receives it."""
    x = _stretched(sample.x)
    if sample.mask is not None:
        x = overlay_mask(x, sample.mask, sample.mask_classes)
    label = _caption(sample.number, sample.label)
    return grid_png([_bytes(sample.raw, sample.unit)], [x], [label], sample.mask_classes)


def _caption(number: int, label: str) -> str:
    return text("{number}: {label}", number=number, label=label) if label else str(number)


def _label(target: Tensor, facts: Facts) -> str:
    """A target in words: the name of its class, or its numbers; empty if there are too many."""
    if facts.classes and target.dim() == 0:
        return facts.names[int(target)] if facts.names else str(int(target))
    if target.numel() > MOST_TARGETS:
        return ""
    return ", ".join(f"{value:.4g}" for value in unscale(target, facts.scale).flatten().tolist())


def _columns(train: Part, columns: Sequence[Feature]) -> Iterator[SurveyedColumn]:
    """What each column of a table holds. A column of words has one number in a sample for each word."""
    if not isinstance(train, Tensors) or not isinstance(train.x, Tensor):
        return
    place = 0
    for column in columns:
        values = train.only[:, place : place + column.width].double()
        place += column.width
        if column.categories and not column.is_index:
            values = values[:, : len(column.categories)]
            counts = [int(count) for count in values.sum(0).tolist()]
            yield SurveyedColumn(column.name, words=tuple(zip(column.categories, counts, strict=True)))
        else:
            values = values[:, 0]
            yield SurveyedColumn(column.name, (values.min().item(), values.mean().item(), values.max().item()))


def _cells(raw: Tensor, columns: Sequence[Feature]) -> Iterator[tuple[str, str]]:
    place = 0
    for column in columns:
        values = raw[place : place + column.width]
        place += column.width
        yield column.name, _cell(values, column)


def _cell(values: Tensor, column: Feature) -> str:
    if column.flag and values[-1]:
        return text("missing")
    if column.is_index:
        return column.categories[int(values[0]) - 1] if values[0] else ""
    if not column.categories:
        return f"{float(values[0]):.6g}"
    # A word that no training row has, or a missing one without a flag, is all zeros.
    words = values[: len(column.categories)]
    return column.categories[int(words.argmax())] if words.any() else ""


def _with_statistics(server: Server, facts: Facts, train: Part, testing: Chain) -> Facts:
    """The facts with the mean and deviation of the samples themselves instead of published ones."""
    if all(one.dtype == "index" for one in facts.all_inputs):
        return facts
    if isinstance(train, Tensors):
        return statistics(facts, train.x, server.splits.unit)
    return statistics(facts, sampled_images(server, train, testing), None)


class _Stored(NamedTuple):
    """Samples that could be read, their targets, and their indices."""

    raw: list[Samples]
    targets: list[Tensor]
    indices: Tensor


def _stored(part: Part, indices: Tensor) -> _Stored:
    if isinstance(part, Tensors):
        return _Stored([part.x[index] for index in indices.tolist()], list(part.y[indices]), indices)
    read = [(index, Reader(part)[Key(index)]) for index in indices.tolist()]
    whole = [(index, *found) for index, found in read if not isinstance(found, Broken)]
    targets = [torch.as_tensor(one[2]) for one in whole]
    return _Stored([one[1] for one in whole], targets, torch.tensor([one[0] for one in whole], dtype=torch.int64))


def _labels(part: Part) -> Tensor:
    """The targets of a part. Items whose labels are not known are read."""
    if isinstance(part, Tensors):
        return part.y
    known = [part.label(index) for index in range(len(part))]
    if all(label is not None for label in known):
        return torch.tensor(known)
    read = (Reader(part)[Key(index)] for index in range(len(part)))
    # Of masks that differ in size there is no batch, and only how often a class occurs is asked for.
    return torch.cat([torch.as_tensor(found[1]).flatten() for found in read if not isinstance(found, Broken)])


def _counts(labels: Sequence[Tensor], classes: int) -> tuple[tuple[int, int], ...]:
    train, test = (part[part >= 0].flatten().bincount(minlength=classes).tolist() for part in labels)
    return tuple(zip(train, test, strict=True))


def _range(targets: Tensor) -> tuple[float, ...]:
    numbers = targets.double()
    return numbers.min().item(), numbers.mean().item(), numbers.max().item()


def _bytes(sample: Tensor, unit: float) -> Tensor:
    return (sample.double() / unit * 255).round().clamp(0, 255).to(torch.uint8)


def _transformed(train: Part, chain: Chain, indices: Tensor, seed: int, classes: Sequence[str]) -> tuple[Tensor, ...]:
    found, y = transform_some(train, chain, indices, seed)
    x = side_by_side(found)
    assert x is not None
    images = _stretched(x)
    if not classes:
        return tuple(images)
    return tuple(overlay_mask(image, mask, classes) for image, mask in zip(images, _mask(y), strict=True))


def _stretched(x: Tensor) -> Tensor:
    """What reaches the net, as bytes."""
    low, high = min(0.0, x.min().item()), max(1.0, x.max().item())
    return _bytes((x - low) / (high - low), 1.0)


def _mask(y: Tensor) -> Tensor:
    """Masks N×H×W; of shares N×C×H×W, the classes that have the largest."""
    return y.argmax(1) if y.dim() == 4 else y
