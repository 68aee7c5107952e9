"""The loaders of numpy's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netdsl.builtins.datasets.local import are_classes, array_names, channels_last, has_parts
from netdsl.builtins.files.npy_header import explain_damage, npz_headers
from netdsl.components import NamedShapes
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.inputs import InputTensors
from netdsl.data.samples import Splits, Tensors

Array = np.ndarray[Any, Any]


def load_npz(root: Path, path: Path, x: str | None = None, y: str | None = None, inputs: NamedShapes = ()) -> Splits:
    """Samples and targets from one file."""
    if inputs:
        return _load_inputs(path, [name for name, _ in inputs], y)
    train, test = array_names(npz_headers(path), x, y, path)
    with explain_damage(path), np.load(path, allow_pickle=False) as arrays:
        return Splits(_named(arrays, train), _named(arrays, test) if test else None)


def _load_inputs(path: Path, inputs: list[str], y: str | None) -> Splits:
    """An array for each input, from one file."""
    headers = npz_headers(path)
    parted = has_parts(headers, inputs, y)
    names = [array_names(headers, name, y, path, parted) for name in inputs]
    with explain_damage(path), np.load(path, allow_pickle=False) as arrays:
        train = _join(inputs, [_named(arrays, one) for one, _ in names])
        if not parted:
            return Splits(train)
        return Splits(train, _join(inputs, [_named(arrays, one) for _, one in names if one is not None]))


def _join(inputs: list[str], parts: list[Tensors]) -> Tensors:
    """Bytes that are no images are divided by 255 here, as those of one input are on their way."""
    x = {
        name: part.only.float() / 255 if part.only.dtype == torch.uint8 and part.only.dim() != 4 else part.only
        for name, part in zip(inputs, parts, strict=True)
    }
    return Tensors(InputTensors(x), parts[0].y)


def load_npy(root: Path, path: Path, y: Path) -> Splits:
    """Samples from one file, targets from another."""
    try:
        return Splits(_part(np.load(path, allow_pickle=False), np.load(y, allow_pickle=False)))
    except (ValueError, EOFError) as error:
        raise DataError(
            text("`{samples}` or `{targets}` is damaged: {error}", samples=path, targets=y, error=error)
        ) from error


def _named(arrays: Mapping[str, Array], names: tuple[str, str]) -> Tensors:
    return _part(arrays[names[0]], arrays[names[1]])


def _part(x: Array, y: Array) -> Tensors:
    samples = _samples(x)
    if are_classes(tuple(samples.shape[1:]), y.shape, y.dtype.kind):
        return Tensors(samples, _tensor(y).long())
    values = _tensor(y).float()
    return Tensors(samples, values[:, 0] if values.shape[1:] == (1,) else values)


def _samples(x: Array) -> Tensor:
    if x.dtype == np.uint8:
        return torch.from_numpy(_channels_first(x))
    dtype = torch.int64 if x.dtype.kind in "iu" else torch.float32
    values = _tensor(x).to(dtype)
    return values.unsqueeze(1) if values.dim() == 1 else values


def _channels_first(x: Array) -> Array:
    if x.ndim == 3:
        return x[:, None]
    if channels_last(x.shape[1:]):
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    return x[:, None] if x.ndim == 1 else np.ascontiguousarray(x)


def _tensor(values: Array) -> Tensor:
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    if native.dtype.kind == "u" and native.dtype.itemsize > 1:
        native = native.astype(np.int64)  # torch computes with signed numbers
    if native.dtype.kind == "f" and native.dtype.itemsize > 8:
        native = native.astype(np.float64)  # torch has no longer floats
    return torch.from_numpy(np.ascontiguousarray(native))
