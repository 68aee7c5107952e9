"""The columns of a table as the net receives them: words as zeros and a one, missing values filled in."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from netdsl.builtins.files import Missing
from netdsl.builtins.files.csv_rows import MOST_SHOWN
from netdsl.builtins.files.csv_tables import FILLED, Column, Table
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.samples import Feature, Learnt

UNKNOWN = -1.0
"""The code of a word that is not among the categories. NaN is the code of a missing value."""


def fit_features(columns: Sequence[Column], codes: Tensor, missing: Missing) -> tuple[Feature, ...]:
    """What is learnt from the training rows, N×columns: the values to fill in, and the words that never occur."""
    return tuple(
        _fit(column, values, missing) for column, values in zip(columns, codes.double().unbind(1), strict=True)
    )


def encode_rows(codes: Tensor, features: Sequence[Feature]) -> Tensor:
    """The net's input for rows N×columns, which hold numbers, numbers of categories, and NaN."""
    parts = [_encode(values, feature) for values, feature in zip(codes.unbind(1), features, strict=True)]
    encoded = torch.cat(parts, 1)
    # An embedding takes whole numbers, from a single column.
    return encoded.long() if any(feature.is_index for feature in features) else encoded.float()


def _fit(column: Column, values: Tensor, missing: Missing) -> Feature:
    known = values[~values.isnan()]
    if column.categories:
        seen = set(known.long().tolist())
        unseen = tuple(word for index, word in enumerate(column.categories) if index not in seen)
        return Feature(
            column.name, column.categories, unseen, flag=column.flagged, is_index=column.is_index, input=column.input
        )
    fill = _middle(known, missing) if missing in FILLED else None
    return Feature(column.name, fill=fill, flag=column.flagged, input=column.input)


def _middle(values: Tensor, missing: Missing) -> float:
    # A column without any value in the training part has no mean; 0 is as good as any number.
    if missing == "zero" or not len(values):
        return 0.0
    if missing == "mean":
        return float(values.mean())
    ordered = values.sort().values
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2)


def _encode(values: Tensor, feature: Feature) -> Tensor:
    gaps = values.isnan()
    if feature.is_index:
        unseen = set(feature.unseen)
        numbers = [0 if word in unseen else number for number, word in enumerate(feature.categories, 1)]
        # Sorted, `UNKNOWN` and NaN are at the end.
        return torch.tensor([*numbers, 0])[values.nan_to_num(UNKNOWN).long()].unsqueeze(1)
    if feature.categories:
        # NaN and `UNKNOWN` equal no category's number, so they become zeros.
        encoded = values.unsqueeze(1) == torch.arange(len(feature.categories))
        for word in feature.unseen:
            encoded[:, feature.categories.index(word)] = False
    else:
        encoded = values.where(~gaps, 0.0 if feature.fill is None else feature.fill).unsqueeze(1)
    return torch.cat((encoded, gaps.unsqueeze(1)), 1).double() if feature.flag else encoded.double()


def require_columns(table: Table, path: Path, known: Learnt) -> None:
    """Raises `DataError` if the columns differ from those that the net was trained on."""
    wanted, found = ([column.name for column in columns] for columns in (known.columns, table.features))
    if wanted != found:
        raise DataError(
            text(
                "`{file}` does not fit the net: the net was trained on {wanted}, but the table has {found}",
                file=path.name,
                wanted=", ".join(wanted[:MOST_SHOWN]) or text("no table"),
                found=", ".join(found[:MOST_SHOWN]),
            ),
            "give a table with the same columns in the same order",
        )


def as_learnt(columns_now: Sequence[Column], codes: Tensor, learnt: Sequence[Feature]) -> Tensor:
    """The categories' numbers as an earlier run has assigned them, even if the file has changed since."""
    columns = []
    for values, now, then in zip(codes.unbind(1), columns_now, learnt, strict=True):
        if now.categories == then.categories:
            columns.append(values)
            continue
        numbers = {word: float(index) for index, word in enumerate(then.categories)}
        recount = torch.tensor([*(numbers.get(word, UNKNOWN) for word in now.categories), nan], dtype=torch.float64)
        columns.append(recount[values.nan_to_num(len(now.categories)).long()])
    return torch.stack(columns, 1)


def by_rows(columns: list[Any]) -> Tensor:
    """Columns of numbers as rows."""
    return torch.tensor(columns, dtype=torch.float64).T.contiguous()


def targets_of(table: Table) -> Tensor:
    """The targets of a table: classes, or numbers."""
    if table.classes:
        return torch.tensor(table.labels)
    y = by_rows([target.values for target in table.targets]).float()
    return y[:, 0] if len(table.targets) == 1 else y
