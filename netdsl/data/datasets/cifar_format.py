"""The format of CIFAR's batches, read without trusting them.

A batch is a pickled dictionary with a numpy array of bytes and a list of labels. Unpickling runs any code that a file
names. So this reader allows a pickle to name four functions only. Stand-ins replace them and keep the values that they
are given: nothing of numpy, and nothing that a file chooses, is ever called. The download verifies the checksums; this
reader checks only the form of the content. So it also reads other data sets of the same form.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.samples import Tensors

SHAPE = (3, 32, 32)


class _Array:
    """Replaces a numpy array: keeps its bytes and its declared type."""

    def __init__(self, *_: object) -> None:
        self.raw, self.dtype = b"", ""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, _, dtype, _, raw = state
        self.raw = raw if isinstance(raw, bytes) else raw.encode("latin1")
        self.dtype = dtype.name


class _Dtype:
    """Replaces a numpy dtype: keeps its name."""

    def __init__(self, name: str, *_: object) -> None:
        self.name = name

    def __setstate__(self, _: object) -> None:
        """Receives the byte order, which does not matter for single bytes."""


def _bytes(text: str, _encoding: str) -> bytes:
    return text.encode("latin1")


_STAND_INS = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _bytes,
}


class _BatchUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(
                text("it asks for `{module}.{name}`, which no batch of images needs", module=module, name=name)
            )
        return _STAND_INS[module, name]


def read_batch(path: Path) -> Tensors:
    """The images N×3×32×32 and the (fine) labels of one batch. Raises `DataError` if the file is no such batch."""
    found = _read(path)
    try:
        data, labels = found["data"], found.get("labels", found.get("fine_labels"))
        x = np.frombuffer(data.raw, np.uint8).reshape(-1, *SHAPE)
        y = np.array(labels, dtype=np.int64)
        if data.dtype != "u1" or y.shape != x.shape[:1] or (y.size and y.min() < 0):
            raise ValueError("images and labels do not match")
    except (KeyError, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise _damaged(path, text("it holds no CIFAR images ({error})", error=error)) from None
    return Tensors(torch.from_numpy(x.copy()), torch.from_numpy(y))


def read_batches(paths: list[Path]) -> Tensors:
    """Several batches as one."""
    batches = [read_batch(path) for path in paths]
    return Tensors(torch.cat([batch.only for batch in batches]), torch.cat([batch.y for batch in batches]))


def read_names(path: Path, key: str) -> tuple[str, ...]:
    """The names of the classes, from the file beside the batches."""
    names = _read(path).get(key)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _damaged(path, text("it holds no `{key}`", key=key))
    return tuple(names)


def check_labels(y: Tensor, classes: int, path: Path) -> None:
    """Raises `DataError` if a label is not below the number of classes."""
    if len(y) and int(y.max()) >= classes:
        raise _damaged(
            path,
            text("it holds the label {label}, but there are {classes} classes", label=int(y.max()), classes=classes),
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        found = _BatchUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except OSError:
        raise
    except Exception as error:  # a damaged pickle may fail in any way
        raise _damaged(path, str(error) or type(error).__name__) from None
    if not isinstance(found, dict):
        raise _damaged(path, text("it holds no dictionary"))
    return found


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(
        text("`{path}` is not a sound batch of CIFAR: {reason}", path=path, reason=reason), "delete it and run again"
    )
