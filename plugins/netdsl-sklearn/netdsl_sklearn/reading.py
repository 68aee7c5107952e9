"""What reads the data sets: an attribute for each name, since netdsl looks a data set up as `module:attribute`."""

from functools import partial

import torch
from sklearn import datasets

from netdsl.data import Splits, Tensors

SHIPPED = {name: f"load_{name}" for name in ("iris", "wine", "breast_cancer", "diabetes")} | {
    "sklearn_digits": "load_digits"
}


def __getattr__(name):
    if name in SHIPPED:
        return partial(_read, SHIPPED[name])
    if name.startswith("make_"):
        return partial(_make, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _read(function, root):
    return _splits(*getattr(datasets, function)(return_X_y=True))


def _make(function, root, **arguments):
    return _splits(*getattr(datasets, function)(**{"random_state": 0, **arguments}))


def _splits(x, y):
    """Rows in single precision; classes numbered from 0, where -1 and 1 are meant as classes too."""
    y = torch.as_tensor(y)
    if set(y.unique().tolist()) == {-1, 1}:
        y = (y > 0).long()
    return Splits(Tensors(torch.as_tensor(x).float(), y.float() if y.is_floating_point() else y.long()))
