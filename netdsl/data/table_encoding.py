"""The columns of a table as the net receives them: words as zeros and a one, missing values filled in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from netdsl.builtins.files import Missing
from netdsl.builtins.files.csv_tables import FILLED, Column
from netdsl.data.samples import Feature

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
