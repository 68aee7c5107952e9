"""The columns of a table as several inputs: numbers, ids and texts, each encoded by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from netdsl.builtins.datasets.local import encode_input
from netdsl.builtins.files.csv_tables import Column, TableOptions
from netdsl.builtins.files.labelled_texts import Encoding
from netdsl.builtins.files.table_inputs import InputColumns, TableOfInputs, read_table_of_inputs
from netdsl.builtins.files.vocabulary import BEGIN, END, Vocabulary
from netdsl.components import NamedShapes
from netdsl.data.datasets.labelled_texts import make_vocabulary, number_seen, pad, require_same_tokens
from netdsl.data.image_files import Paths, read_image, state_of_file
from netdsl.data.inputs import InputTensors
from netdsl.data.samples import Learnt, LearntInput, Part, Splits, Tensors
from netdsl.data.table_encoding import as_learnt, by_rows, encode_rows, fit_features, require_columns, targets_of
from netdsl.data.target_scale import fit_scale, scale_targets
from netdsl.data.transforms.base import NO_CLASS


def load_inputs(
    path: Path, options: TableOptions, chosen: InputColumns, inputs: NamedShapes, encoding: Encoding
) -> Splits:
    """The columns that the inputs of a net take, as their facts were read."""
    found = read_table_of_inputs(path, options, chosen, [name for name, _ in inputs])
    x: dict[str, Tensor] = {}
    y = None if found.predicted else targets_of(found.table)
    vocabularies: dict[str, Vocabulary] = {}
    images: dict[str, ImageColumn] = {}
    for one, (name, shape) in zip(found.inputs, inputs, strict=True):
        if one.kind == "image":
            paths = Paths.of([str(path.parent / cell) for cell in found.cells(one.columns[0])])
            images[name] = ImageColumn(paths, "L" if shape[:1] == (1,) else "RGB")
            continue
        if one.kind != "text":
            x[name] = by_rows([column.codes for column in _columns(found, name)])
            continue
        own = encode_input(encoding, shape, is_written=one.columns[0] == found.predicted)
        texts = found.cells(one.columns[0])
        vocabularies[name] = vocabulary = make_vocabulary(texts, own)
        tokens = list(map(vocabulary.encode, texts))
        if own.is_written:
            x[name], y = before_and_after(tokens, own.length, vocabulary)
        else:
            x[name] = pad(tokens, own.length)
    assert y is not None
    written = next((one.name for one in found.inputs if one.columns[0] == found.predicted), None)
    classes = vocabularies[written].names if written else found.table.classes
    encode = EncodeInputs(path, found, options, vocabularies)
    rows = Tensors(InputTensors(x), y)
    names = tuple(name for name, _ in inputs)
    part = ImageRows(names, images, rows, str(path.parent / path.stem)) if images else rows
    return Splits(part, names=classes, encode=encode)


class ImageColumn(NamedTuple):
    """A column of the paths of images, read in colour (`RGB`) or in grey (`L`)."""

    paths: Paths
    mode: str


@dataclass(frozen=True, eq=False)
class ImageRows:
    """Rows of a table of which some inputs are images, which are read as they are needed.

    Args:
        names: the inputs, in their order.
        images: those that are images.
        rows: the other inputs, and the targets.
        folder: what a cache of the images would be called after.
    """

    names: tuple[str, ...]
    images: Mapping[str, ImageColumn]
    rows: Tensors
    folder: str

    def __len__(self) -> int:
        return len(self.rows.y)

    def read(self, index: int) -> tuple[InputTensors, Tensor]:
        """One row and its target."""
        assert isinstance(self.rows.x, InputTensors)
        found = {name: read_image(column.paths[index], column.mode) for name, column in self.images.items()}
        found |= {name: part[index] for name, part in self.rows.x.items()}
        return InputTensors({name: found[name] for name in self.names}), self.rows.y[index]

    def name(self, index: int) -> str:
        """The paths of its images."""
        return ", ".join(column.paths[index] for column in self.images.values())

    def label(self, index: int) -> int | None:
        """Its class, where targets are classes."""
        target = self.rows.y[index]
        return None if target.is_floating_point() or target.dim() else int(target)

    def identity(self, index: int) -> str:
        """The states of its images, and what else stands in the row."""
        files = {name: state_of_file(one.paths[index], self.folder) for name, one in self.images.items()}
        assert isinstance(self.rows.x, InputTensors)
        others = {name: part[index].tolist() for name, part in self.rows.x.items()}
        return str((files, others, self.rows.y[index].tolist(), self.names))

    def choose(self, indices: Tensor) -> ImageRows:
        """Some of the rows."""
        images = {name: ImageColumn(one.paths.choose(indices), one.mode) for name, one in self.images.items()}
        return replace(self, images=images, rows=self.rows.pick(indices))


def before_and_after(tokens: Sequence[Sequence[int]], length: int, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """What stands before each token of texts, from `<bos>` on, and the tokens themselves, up to `<eos>`: both N×length.

    Behind `<eos>` there is no target.
    """
    begin, end = vocabulary.tokens.index(BEGIN), vocabulary.tokens.index(END)
    before = pad([[begin, *one[: length - 1]] for one in tokens], length)
    after = torch.full((len(tokens), length), NO_CLASS)
    for row, one in zip(after, tokens, strict=True):
        following = [*one, end][:length]
        row[: len(following)] = torch.tensor(following)
    return before, after


def _columns(found: TableOfInputs, name: str) -> list[Column]:
    return [column for column in found.table.features if column.input == name]


@dataclass(frozen=True, eq=False)
class EncodeInputs:
    """Encodes the parts of a table, input by input, with what the training part holds."""

    path: Path
    found: TableOfInputs
    options: TableOptions
    vocabularies: Mapping[str, Vocabulary]

    def __call__(self, parts: tuple[Any, Any], known: Learnt | None) -> tuple[tuple[Part, Part], Learnt]:
        """The encoded parts, and what was learnt."""
        train = parts[0].rows if isinstance(parts[0], ImageRows) else parts[0]
        assert isinstance(train.x, InputTensors)
        numbers, vocabularies = {}, {}
        for name, vocabulary in self.vocabularies.items():
            numbers[name], vocabularies[name] = number_seen(vocabulary, train.x.part(name))
        if known is not None:
            require_columns(self.found.table, self.path, known)
            for one in known.inputs:
                if one.name in vocabularies:
                    require_same_tokens(self.path, vocabularies[one.name], one.vocabulary)
        learnt = known or self._learn(train, vocabularies)
        encoded = [
            replace(part, rows=self._encode(part.rows, learnt, numbers))
            if isinstance(part, ImageRows)
            else self._encode(part, learnt, numbers)
            for part in parts
        ]
        return (encoded[0], encoded[1]), learnt

    def _learn(self, train: Tensors, vocabularies: Mapping[str, Vocabulary]) -> Learnt:
        assert isinstance(train.x, InputTensors)
        table = self.found.table
        fed = [train.x.part(one.name) for one in self.found.inputs if one.kind in ("numbers", "ids")]
        scale = None if self.options.scale == "none" else fit_scale(train.y, logarithm=self.options.scale == "log")
        return Learnt(
            fit_features(table.features, torch.cat(fed, 1), self.options.missing) if fed else (),
            scale,
            tuple(target.name for target in table.targets) or (self.found.predicted,),
            inputs=tuple(LearntInput(one.name, vocabulary=vocabularies.get(one.name)) for one in self.found.inputs),
        )

    def _encode(self, part: Tensors, learnt: Learnt, numbers: Mapping[str, Tensor]) -> Tensors:
        assert isinstance(part.x, InputTensors)
        x = {}
        for name, codes in part.x.items():
            if name in numbers:
                x[name] = numbers[name][codes]
            else:
                then = [column for column in learnt.columns if column.input == name]
                x[name] = encode_rows(as_learnt(_columns(self.found, name), codes, then), then)
        y = part.y
        if self.found.predicted:
            written = numbers[self._written]
            y = torch.where(y == NO_CLASS, NO_CLASS, written[y.clamp_min(0)])
        elif learnt.scale:
            y = scale_targets(y, learnt.scale)
        return Tensors(InputTensors(x), y)

    @property
    def _written(self) -> str:
        """The input of the text that is predicted."""
        return next(one.name for one in self.found.inputs if one.columns[0] == self.found.predicted)
