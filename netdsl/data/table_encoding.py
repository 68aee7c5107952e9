"""The columns of a table as the net is fed them: words as zeros and a one, what is missing filled in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from netdsl.builtins.files import Missing
from netdsl.builtins.files.csv_tables import FILLED, Column
from netdsl.data.samples import Feature

UNKNOWN = -1.0
"""The code of a word that is none of the categories; NaN is that of a missing value."""


def fit_features(columns: Sequence[Column], codes: Tensor, missing: Missing) -> tuple[Feature, ...]:
    """What is learnt of the training rows, N×columns: what is filled in, and which words never occur."""
    return tuple(
        _fit(column, values, missing) for column, values in zip(columns, codes.double().unbind(1), strict=True)
    )


def encode_rows(codes: Tensor, features: Sequence[Feature]) -> Tensor:
    """What the net is fed for rows, N×columns, of numbers, of the numbers of categories, and of NaN."""
    parts = [_encode(values, feature) for values, feature in zip(codes.unbind(1), features, strict=True)]
    encoded = torch.cat(parts, 1)
    # An embedding is asked with whole numbers; it is fed a single column.
    return encoded.long() if any(feature.is_index for feature in features) else encoded.float()


def _fit(column: Column, values: Tensor, missing: Missing) -> Feature:
    known = values[~values.isnan()]
    if column.categories:
        seen = set(known.long().tolist())
        unseen = tuple(word for index, word in enumerate(column.categories) if index not in seen)
        return Feature(column.name, column.categories, unseen, flag=column.flagged, is_index=column.is_index)
    fill = _middle(known, missing) if missing in FILLED else None
    return Feature(column.name, fill=fill, flag=column.flagged)


def _middle(values: Tensor, missing: Missing) -> float:
    # Of nothing there is no mean: where the training part has no value at all, 0 is as good as any.
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
        # `UNKNOWN` and NaN are at the end.
        return torch.tensor([*numbers, 0])[values.nan_to_num(UNKNOWN).long()].unsqueeze(1)
    if feature.categories:
        # NaN and `UNKNOWN` are equal to no number, so that they come out as zeros.
        encoded = values.unsqueeze(1) == torch.arange(len(feature.categories))
        for word in feature.unseen:
            encoded[:, feature.categories.index(word)] = False
    else:
        encoded = values.where(~gaps, 0.0 if feature.fill is None else feature.fill).unsqueeze(1)
    return torch.cat((encoded, gaps.unsqueeze(1)), 1).double() if feature.flag else encoded.double()
