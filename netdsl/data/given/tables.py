"""Rows of a table: by the names of the columns, in their order, or out of a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from netdsl.builtins.files.csv_tables import MOST_SHOWN, read_rows
from netdsl.components import Refusal
from netdsl.core.errors import DataError
from netdsl.core.files import reason
from netdsl.core.text import join_and, ntext, text
from netdsl.data.given.sample import Given, Stored
from netdsl.data.samples import Feature

Row = Mapping[str, Any]


def read_table_rows(x: object, stored: Stored) -> Given:
    """One row, or several.

    A row is a mapping from columns to values, in which other columns are left out of account, or a list of the values
    in the order of the columns, without the target. Several rows are a list of rows, an array N×columns, a data frame,
    or the path of a file with a header.
    """
    columns = stored.columns
    rows: Sequence[object]
    if isinstance(x, (str, os.PathLike)):
        rows, single = _read_file(Path(x)), False
    elif isinstance(x, Mapping) and not _is_of_columns(x):
        rows, single = [x], True
    else:
        values = _plain(x)
        if not isinstance(values, Sequence):
            raise _no_rows(x)
        single = not values or not isinstance(values[0], (Mapping, Sequence)) or isinstance(values[0], str)
        rows = [values] if single else values
    encoded = [_encode(row, columns, number if not single else None) for number, row in enumerate(rows, 1)]
    return Given(list(torch.tensor(encoded, dtype=torch.float64).float()), 1.0, single)


def _read_file(path: Path) -> list[Row]:
    try:
        header, rows = read_rows(path)
    except Refusal as error:
        raise DataError(error.message, error.help) from error
    except OSError as error:
        raise DataError(text("cannot read `{path}`: {reason}", path=path, reason=reason(error))) from error
    return [dict(zip(header, row, strict=True)) for row in rows]


def _is_of_columns(x: Mapping[Any, Any]) -> bool:
    """Whether it maps columns to all their values, and is no row."""
    return bool(x) and all(isinstance(one, (list, tuple, Tensor)) or hasattr(one, "tolist") for one in x.values())


def _plain(x: object) -> object:
    """The rows of a data frame, an array or a tensor as lists; of columns, as rows."""
    if isinstance(x, Mapping):
        columns = {name: _plain(values) for name, values in x.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if hasattr(x, "to_dict"):  # of pandas, polars and the like
        return _plain({str(name): x[name].to_list() for name in x.columns})  # type: ignore[index,attr-defined]
    return x.tolist() if hasattr(x, "tolist") else x


def _encode(row: object, columns: Sequence[Feature], number: int | None) -> list[float]:
    """The numbers that the net is fed for a row; `number` counts the rows of several."""
    if isinstance(row, Mapping):
        if missing := [column.name for column in columns if column.name not in row]:
            shown = join_and(f"`{name}`" for name in missing[:MOST_SHOWN])
            raise DataError(
                ntext(
                    "{where}column {columns} is missing",
                    "{where}columns {columns} are missing",
                    count=len(missing),
                    where=_where(number),
                    columns=shown,
                )
            )
        values = [row[column.name] for column in columns]
    elif isinstance(row, Sequence) and not isinstance(row, str):
        values = list(row)
        if len(values) != len(columns):
            names = ", ".join(column.name for column in columns[:MOST_SHOWN])
            raise DataError(
                ntext(
                    "{where}{count} value is given for {columns} columns: {names}",
                    "{where}{count} values are given for {columns} columns: {names}",
                    count=len(values),
                    where=_where(number),
                    columns=len(columns),
                    names=names,
                )
            )
    else:
        raise _no_rows(row)
    return [part for column, value in zip(columns, values, strict=True) for part in _cell(column, value, number)]


def _cell(column: Feature, value: object, number: int | None) -> list[float]:
    if column.categories:
        word = str(value).strip()
        if word not in column.categories:
            known = ", ".join(f"`{one}`" for one in column.categories[:MOST_SHOWN])
            raise DataError(
                text(
                    "{where}column `{column}` holds {known}, but `{word}` is given",
                    where=_where(number),
                    column=column.name,
                    known=known,
                    word=word,
                )
            )
        return [float(word == category) for category in column.categories]
    try:
        found = float(value)  # type: ignore[arg-type]  # what is no number is told below
        if found - found != 0:  # infinity and NaN
            raise ValueError
    except (TypeError, ValueError) as error:
        raise DataError(
            text(
                "{where}column `{column}` holds numbers, but `{value}` is given",
                where=_where(number),
                column=column.name,
                value=value,
            )
        ) from error
    return [found]


def _where(number: int | None) -> str:
    return "" if number is None else text("row {number}: ", number=number)


def _no_rows(x: object) -> DataError:
    return DataError(
        text("`predict` is given a value of type {kind}, which is no row of a table", kind=type(x).__name__),
        'give a row as `{"column": value, …}` or as a list of values, a list of rows, or the path of a file',
    )
