"""Rows of a table: values by column name, values in the order of the columns, or a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan, nan
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from netdsl.builtins.files.csv_rows import MOST_SHOWN, Rows, column_name, is_missing, read_rows
from netdsl.builtins.files.csv_tables import FILLED, TableOptions, names
from netdsl.builtins.files.vocabulary import BEGIN
from netdsl.components import Refusal
from netdsl.core.errors import DataError
from netdsl.core.files import reason
from netdsl.core.text import join_and, ntext, text
from netdsl.data.datasets.labelled_texts import pad
from netdsl.data.given.images import read_images
from netdsl.data.given.sample import Given, Stored
from netdsl.data.inputs import InputTensors, Samples
from netdsl.data.samples import Feature
from netdsl.data.table_encoding import UNKNOWN, encode_rows

Row = Mapping[str, Any]


def read_table_rows(x: object, stored: Stored) -> Given:
    """One row, or several.

    A row is a mapping from columns to values, or a list of the values in the order of the columns, without the target.
    A mapping may have other columns, which are ignored. Several rows are a list of rows, an array N×columns, a data
    frame, or the path of a file with a header.
    """
    reader = RowReader(stored.columns, _options(stored.use.arguments))
    rows: Sequence[object]
    places: Iterable[str]
    if isinstance(x, (str, os.PathLike)):
        rows, places = _read_file(Path(x), reader)
        single = False
    elif isinstance(x, Mapping) and not _is_of_columns(x):
        rows, places, single = [x], [""], True
    else:
        values = _plain(x)
        if not isinstance(values, Sequence):
            raise _no_rows(x)
        single = not values or not isinstance(values[0], (Mapping, Sequence)) or isinstance(values[0], str)
        rows = [values] if single else values
        places = [""] if single else [text("row {number}: ", number=number) for number in range(1, len(rows) + 1)]
    if stored.inputs and {"text", "images"} & stored.use.arguments.keys():
        base = Path(x).parent if isinstance(x, (str, os.PathLike)) else Path()
        return _read_written(rows, list(places), single, reader, stored, base)
    codes = [reader.codes(row, place) for row, place in zip(rows, places, strict=True)]
    numbers = torch.tensor(codes, dtype=torch.float64).reshape(len(codes), len(stored.columns))
    if not stored.inputs:
        return Given(list(encode_rows(numbers, stored.columns)), 1.0, single, reader.notes)
    batch = InputTensors({one.name: _encode_input(one.name, numbers, stored.columns) for one in stored.inputs})
    return Given([batch[row] for row in range(len(codes))], 1.0, single, reader.notes)


def _encode_input(name: str, numbers: Tensor, columns: Sequence[Feature]) -> Tensor:
    chosen = [place for place, column in enumerate(columns) if column.input == name]
    return encode_rows(numbers[:, chosen], [columns[place] for place in chosen])


def _read_written(
    rows: Sequence[object], places: Sequence[str], single: bool, reader: RowReader, stored: Stored, base: Path
) -> Given:
    """Rows of which some inputs are texts or images; the text that the net writes itself is not asked for.

    The paths of images begin at `base`.
    """
    numbers = None
    if stored.columns:
        codes = [reader.codes(row, place) for row, place in zip(rows, places, strict=True)]
        numbers = torch.tensor(codes, dtype=torch.float64).reshape(len(codes), len(stored.columns))
    lengths = {one.name: int(str((one.shape or (1,))[0])) for one in stored.facts.inputs}
    images: dict[str, Sequence[Samples]] = {}
    x: dict[str, Tensor] = {}
    for one in stored.inputs:
        if one.name in names(stored.use.arguments.get("images", ())):
            files = [base / _text_of(row, one.name, place) for row, place in zip(rows, places, strict=True)]
            images[one.name] = read_images(files, stored.of_input(one.name)).samples
        elif one.vocabulary is None:
            assert numbers is not None
            x[one.name] = _encode_input(one.name, numbers, stored.columns)
        elif one.name == stored.facts.writes:
            begin = one.vocabulary.tokens.index(BEGIN)
            x[one.name] = pad([[begin]] * len(rows), lengths[one.name])
        else:
            texts = [_text_of(row, one.name, place) for row, place in zip(rows, places, strict=True)]
            x[one.name] = pad(map(one.vocabulary.encode, texts), lengths[one.name])
    samples = []
    for row in range(len(rows)):
        found: dict[str, Any] = {name: part[row] for name, part in x.items()}
        found |= {name: read[row] for name, read in images.items()}
        samples.append(InputTensors({one.name: found[one.name] for one in stored.inputs}))
    return Given(samples, stored.unit, single, reader.notes)


def _text_of(row: object, column: str, place: str) -> str:
    if not isinstance(row, Mapping):
        raise DataError(
            text("{place}the net has several inputs, so that each needs its name", place=place),
            text('give a row as `{{"{column}": …}}`', column=column),
        )
    if column not in row:
        raise DataError(text("{place}column `{column}` is missing", place=place, column=column))
    return str(row[column])


def read_column(path: Path, column: str, stored: Stored) -> list[str]:
    """The cells of a column of a table, whether the net uses the column or not."""
    header, lines = _read_lines(path, _options(stored.use.arguments))
    try:
        index = header.index(column_name(column, header, path.name))
    except Refusal as error:
        raise DataError(error.message, error.help) from error
    return [line.cells[index] for line in lines]


def _read_lines(path: Path, options: TableOptions) -> Rows:
    try:
        return read_rows(path, options.dialect)
    except Refusal as error:
        raise DataError(error.message, error.help) from error
    except OSError as error:
        raise DataError(text("cannot read `{path}`: {reason}", path=path, reason=reason(error))) from error


def _options(arguments: Mapping[str, Any]) -> TableOptions:
    return TableOptions(**{name: value for name, value in arguments.items() if name in TableOptions._fields})


def _read_file(path: Path, reader: RowReader) -> tuple[list[Row], list[str]]:
    header, lines = _read_lines(path, reader.options)
    if missing := [column.name for column in reader.columns if column.name not in header]:
        raise DataError(
            ntext(
                "`{file}` lacks a column that the net needs: {columns}",
                "`{file}` lacks {count} columns that the net needs: {columns}",
                count=len(missing),
                file=path.name,
                columns=join_and(f"`{name}`" for name in missing[:MOST_SHOWN]),
            ),
            text(
                "give a table with the columns of the training table; this one has {columns}", columns=_listed(header)
            ),
        )
    places: list[str] = [text("`{file}`, line {line}: ", file=path.name, line=line.number) for line in lines]
    return [dict(zip(header, line.cells, strict=True)) for line in lines], places


def _listed(columns: Sequence[str]) -> str:
    return ", ".join([*columns[:MOST_SHOWN], *(["…"] if len(columns) > MOST_SHOWN else [])])


def _is_of_columns(x: Mapping[Any, Any]) -> bool:
    """Whether a mapping holds whole columns, not one row."""
    return bool(x) and all(isinstance(one, (list, tuple, Tensor)) or hasattr(one, "tolist") for one in x.values())


def _plain(x: object) -> object:
    """Several rows as lists: those of a data frame, an array or a tensor, or columns turned into rows."""
    if isinstance(x, Mapping):
        columns = {name: _plain(values) for name, values in x.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if hasattr(x, "to_dict"):  # of pandas, polars and the like
        return _plain({str(name): x[name].to_list() for name in x.columns})  # type: ignore[index,attr-defined]
    return x.tolist() if hasattr(x, "tolist") else x


@dataclass
class RowReader:
    """Reads rows as the table of a run was read.

    Args:
        columns: the columns that the net uses.
        options: the options of the run's `data` line.
        unseen: words that the net has not seen in training, by column.
    """

    columns: Sequence[Feature]
    options: TableOptions
    unseen: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = {
            column.name: {word: float(number) for number, word in enumerate(column.categories)}
            for column in self.columns
        }
        # A set, since an embedding may have a hundred thousand words.
        self._known = {column.name: self._numbers[column.name].keys() - set(column.unseen) for column in self.columns}

    def codes(self, row: object, place: str) -> list[float]:
        """A number for each column: the value itself, or the number of its category. `place` begins each message."""
        if isinstance(row, Mapping):
            if missing := [column.name for column in self.columns if column.name not in row]:
                raise DataError(
                    ntext(
                        "{place}column {columns} is missing",
                        "{place}columns {columns} are missing",
                        count=len(missing),
                        place=place,
                        columns=join_and(f"`{name}`" for name in missing[:MOST_SHOWN]),
                    )
                )
            values = [row[column.name] for column in self.columns]
        elif isinstance(row, Sequence) and not isinstance(row, str):
            values = list(row)
            if len(values) != len(self.columns):
                raise DataError(
                    ntext(
                        "{place}{count} value is given for {columns} columns: {names}",
                        "{place}{count} values are given for {columns} columns: {names}",
                        count=len(values),
                        place=place,
                        columns=len(self.columns),
                        names=_listed([column.name for column in self.columns]),
                    )
                )
        else:
            raise _no_rows(row)
        return [self._code(column, value, place) for column, value in zip(self.columns, values, strict=True)]

    @property
    def notes(self) -> tuple[str, ...]:
        """A warning for each column that holds words which no training row has."""
        return tuple(
            ntext(
                "column `{column}` holds {words}, which no training row has: the net receives zeros for it",
                "column `{column}` holds {words}, which no training row has: the net receives zeros for them",
                count=len(words),
                column=column,
                words=join_and(f"`{word}`" for word in list(words)[:MOST_SHOWN]),
            )
            for column, words in self.unseen.items()
        )

    def _code(self, column: Feature, value: object, place: str) -> float:
        word = _word(value)
        is_asked = column.is_index or column.name in names(self.options.categorical)
        if not word or (is_missing(word) and not is_asked):
            if self.options.missing in FILLED:
                return nan
            raise DataError(
                text("{place}column `{column}` has no value", place=place, column=column.name),
                "give one; only a net that is trained with `missing=median` takes rows without it",
            )
        if column.categories:
            if word not in self._known[column.name]:
                self.unseen.setdefault(column.name, {})[word] = place
                return UNKNOWN
            return self._numbers[column.name][word]
        number = self._number(value, word)
        if number is None:
            raise DataError(
                text(
                    "{place}column `{column}` holds numbers, but `{value}` is given",
                    place=place,
                    column=column.name,
                    value=value,
                )
            )
        return number

    def _number(self, value: object, word: str) -> float | None:
        if isinstance(value, str):
            return self.options.dialect.number(word)
        try:
            number = float(value)  # type: ignore[arg-type]  # what is no number is told by the caller
        except (TypeError, ValueError, OverflowError):
            return None
        return number if isfinite(number) else None


def _word(value: object) -> str:
    """A value as a cell of a table has it; empty if there is none."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    # A data frame turns whole numbers into real ones in a column where some are missing.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _no_rows(x: object) -> DataError:
    return DataError(
        text("`predict` is given a value of type {kind}, which is not a row of a table", kind=type(x).__name__),
        'give a row as `{"column": value, …}` or as a list of values, a list of rows, or the path of a file',
    )
