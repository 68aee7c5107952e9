"""What a run's data set told of itself, kept so that the run's text can be checked again without the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, get_args

from netdsl.components import Dtype, Facts
from netdsl.components.experiment import InputFacts
from netdsl.core.sizes import Dim, Shape, symbol, symbols
from netdsl.runs.about import DeclaredFacts, DeclaredInput, KnownFacts


def describe_declared(facts: Facts | None) -> DeclaredFacts | None:
    """What `run.json` keeps of the facts; None of those that it cannot: they are asked for again."""
    if facts is None:
        return None
    own, target = facts.all_inputs[0], _describe_shape(facts.target)
    inputs = [_describe_input(one) for one in (own, *facts.inputs)]
    if target is None or None in inputs:
        return None
    first, *named = (one for one in inputs if one is not None)
    return {
        "input": first["shape"],
        "classes": facts.classes,
        "target": target,
        "names": facts.names,
        "mean": facts.mean,
        "std": facts.std,
        "sizes": facts.sizes,
        "dtype": facts.dtype,
        "indices": facts.indices,
        "padded": facts.padded,
        "predicts_next": facts.predicts_next,
        "inputs": named,
        "writes": facts.writes,
    }


def read_declared(known: KnownFacts) -> Facts | None:
    """The facts that `run.json` or a checkpoint keeps; None where it keeps none, as of older runs."""
    told = known.get("declared")
    if told is None:
        return None
    own: DeclaredInput = {
        "name": "", "shape": told["input"], "dtype": told["dtype"], "indices": told["indices"],
        "padded": told["padded"], "mean": told["mean"], "std": told["std"],
    }  # fmt: skip
    inputs, target = [_read_input(one) for one in (own, *told.get("inputs", ()))], _read_shape(told["target"])
    if target is None or None in inputs:
        return None
    first, *named = (one for one in inputs if one is not None)
    facts = Facts(
        first.shape,
        told["classes"],
        target=target,
        names=tuple(told["names"]),
        sizes=told["sizes"] and (told["sizes"][0], told["sizes"][1]),
        predicts_next=told.get("predicts_next", False),
        writes=told.get("writes", ""),
    )
    return facts.with_inputs(named or [first])


def _describe_input(one: InputFacts) -> DeclaredInput | None:
    shape = _describe_shape(one.shape)
    if shape is None and one.shape is not None:
        return None
    return {
        "name": one.name, "shape": shape, "dtype": one.dtype, "indices": one.indices,
        "padded": one.padded, "mean": one.mean, "std": one.std,
    }  # fmt: skip


def _read_input(told: DeclaredInput) -> InputFacts | None:
    shape = _read_shape(told["shape"])
    if told["dtype"] not in get_args(Dtype) or (shape is None and told["shape"] is not None):
        return None
    mean, std = tuple(told["mean"]), tuple(told["std"])
    return InputFacts(told["name"], shape, cast("Dtype", told["dtype"]), told["indices"], told["padded"], mean, std)


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
