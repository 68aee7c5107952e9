"""What a run's data set told of itself, kept so that the run's text can be checked again without the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, get_args

from netdsl.components import Dtype, Facts
from netdsl.core.sizes import Dim, Shape, symbol, symbols
from netdsl.runs.about import DeclaredFacts, KnownFacts


def describe_declared(facts: Facts | None) -> DeclaredFacts | None:
    """What `run.json` keeps of the facts; None of those that it cannot: they are asked for again."""
    if facts is None:
        return None
    shape, target = _describe_shape(facts.input), _describe_shape(facts.target)
    if target is None or (shape is None and facts.input is not None):
        return None
    return {
        "input": shape,
        "classes": facts.classes,
        "target": target,
        "names": facts.names,
        "mean": facts.mean,
        "std": facts.std,
        "sizes": facts.sizes,
        "dtype": facts.dtype,
        "indices": facts.indices,
        "padded": facts.padded,
    }


def read_declared(known: KnownFacts) -> Facts | None:
    """The facts that `run.json` or a checkpoint keeps; None where it keeps none, as of older runs."""
    told = known.get("declared")
    if told is None or told["dtype"] not in get_args(Dtype):
        return None
    shape, target = _read_shape(told["input"]), _read_shape(told["target"])
    if target is None or (shape is None and told["input"] is not None):
        return None
    return Facts(
        shape,
        told["classes"],
        target=target,
        names=tuple(told["names"]),
        mean=tuple(told["mean"]),
        std=tuple(told["std"]),
        sizes=told["sizes"] and (told["sizes"][0], told["sizes"][1]),
        dtype=cast("Dtype", told["dtype"]),
        indices=told["indices"],
        padded=told["padded"],
    )


def _describe_shape(shape: Shape | None) -> list[int | str] | None:
    """A shape as JSON has it, an open size by its name; None if there is none, or if it holds formulas."""
    dims = [_describe_dim(dim) for dim in shape or ()]
    return None if shape is None or "" in dims else dims


def _describe_dim(dim: Dim) -> int | str:
    if isinstance(dim, int):
        return dim
    return next((name for name in symbols([dim]) if dim == symbol(name)), "")


def _read_shape(dims: Sequence[int | str] | None) -> Shape | None:
    if dims is None or not all(dim.isidentifier() if isinstance(dim, str) else dim > 0 for dim in dims):
        return None
    return tuple(symbol(dim) if isinstance(dim, str) else dim for dim in dims)
