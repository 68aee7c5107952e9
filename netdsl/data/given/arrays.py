"""Numbers in any shape, as arrays, tensors or lists."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netdsl.core.errors import DataError
from netdsl.core.files import reason
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data.given.sample import Given, Stored


def read_arrays(x: object, stored: Stored) -> Given:
    """One sample in the shape that the data set has, several with one more axis in front, or a numpy file of either."""
    values = as_tensor(read_array_file(Path(x), stored) if isinstance(x, (str, os.PathLike)) else x, stored)
    shape, axes = stored.shape, len(stored.shape)
    # One number may be given without an axis for it.
    if shape == (1,) and values.dim() == 0:
        values = values.reshape(1)
    if values.dim() not in (axes, axes + 1) or values.shape[-axes:] != shape:
        raise DataError(
            text(
                "a sample of `data {dataset}` has the shape {shape}, but {given} is given",
                dataset=stored.use.component.name,
                shape=format_shape(shape),
                given=format_shape(tuple(values.shape)),
            ),
            "give one sample, or several with one more axis in front",
        )
    single = values.dim() == axes
    batch = values.unsqueeze(0) if single else values
    if stored.facts.dtype == "index":
        if batch.is_floating_point():
            raise DataError("whole numbers are expected, because the net begins with an embedding")
        return Given(list(batch.long()), 1.0, single)
    # Whole numbers are as the data set stores them; real numbers are as the net receives them.
    return Given(list(batch.float()), 1.0 if batch.is_floating_point() else stored.unit, single)


def read_array_file(path: Path, stored: Stored) -> np.ndarray[Any, Any]:
    """The array of a numpy file; of an archive its only one, or the one that is called as the samples are, `x`.

    Raises:
        DataError: it cannot be read, or it is not known which array is meant.
    """
    try:
        # Opened here, for numpy leaves a damaged archive open.
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return found
            names = list(found)
            wanted = str(stored.use.arguments.get("x") or "x")
            name = names[0] if len(names) == 1 else wanted if wanted in names else None
            if name is not None:
                chosen: np.ndarray[Any, Any] = found[name]
                return chosen
    except OSError as error:
        raise DataError(text("cannot read `{path}`: {reason}", path=path, reason=reason(error))) from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(text("`{path}` is not a numpy file that can be read safely", path=path)) from error
    raise DataError(
        text(
            "`{path}` has no array `{array}`; it holds {arrays}",
            path=path,
            array=wanted,
            arrays=", ".join(f"`{one}`" for one in names) or text("none at all"),
        ),
        "give a file of one array, `.npy`",
    )


def read_arrays_of_file(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a numpy archive, by their names.

    Raises:
        DataError: it is none, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if not isinstance(found, np.ndarray):
                return {name: found[name] for name in found}
    except OSError as error:
        raise DataError(text("cannot read `{path}`: {reason}", path=path, reason=reason(error))) from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(text("`{path}` is not a numpy file that can be read safely", path=path)) from error
    raise DataError(
        text("`{path}` holds one array, but the net has several inputs", path=path),
        "give an `.npz` file with an array for each input",
    )


def as_tensor(x: object, stored: Stored) -> Tensor:
    """The numbers of an array, a tensor or a list of numbers.

    Raises:
        DataError: it is none of these, or has values that are not finite numbers.
    """
    values = _read_values(x, stored)
    if values.is_floating_point() and (lost := int((~values.isfinite()).sum())):
        raise DataError(
            text("{lost:,} of {count:,} values are not finite numbers", lost=lost, count=values.numel()),
            "write numbers in their place, such as the mean: a net cannot use `nan` or `inf`",
        )
    return values


def _read_values(x: object, stored: Stored) -> Tensor:
    if isinstance(x, Tensor):
        return x.detach().cpu()
    if isinstance(x, Sequence) and x and all(isinstance(one, Tensor) and one.shape == x[0].shape for one in x):
        return torch.stack(list(x)).detach().cpu()
    try:
        values: np.ndarray[Any, Any] = np.asarray(x)
        if values.dtype.kind not in "iufb":
            raise ValueError("they are not numbers")
        return torch.as_tensor(values.astype(values.dtype.newbyteorder("="), copy=True))
    except (ValueError, TypeError) as error:
        raise DataError(
            text(
                "`predict` is given a value of type {kind}, which is not a sample of `data {dataset}`",
                kind=type(x).__name__,
                dataset=stored.use.component.name,
            ),
            "give an array, a tensor or a list of numbers",
        ) from error
