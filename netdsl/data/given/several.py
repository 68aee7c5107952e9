"""Samples of several inputs: each input by its name, in whatever form one of its kind may have."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, uint8

from netdsl.core.errors import DataError
from netdsl.core.text import join_and, text
from netdsl.data.given.arrays import read_arrays_of_file
from netdsl.data.given.sample import Given, Stored, read_given
from netdsl.data.inputs import InputTensors


def read_named_inputs(x: object, stored: Stored) -> Given:
    """One sample, or several: a mapping from the names of the inputs, a list of these, or a numpy archive of arrays."""
    if isinstance(x, (str, os.PathLike)):
        x = read_arrays_of_file(Path(x))
    if isinstance(x, Sequence) and x and all(isinstance(one, Mapping) for one in x):
        given = [read_named_inputs(one, stored) for one in x]
        return Given([sample for one in given for sample in one.samples], stored.unit, single=False)
    names = [one.name for one in stored.inputs]
    if not isinstance(x, Mapping):
        raise DataError(
            text(
                "the net has several inputs, but what is given is a {kind} without their names", kind=type(x).__name__
            ),
            text("give each input by its name: {form}, or an `.npz` file with an array for each", form=_form(names)),
        )
    if missing := [name for name in names if name not in x]:
        raise DataError(
            text("{missing} is missing", missing=join_and(f"`{name}`" for name in missing)),
            text("give each input by its name: {form}", form=_form(names)),
        )
    return join_inputs({name: read_given(x[name], stored.of_input(name)) for name in names}, stored.unit)


def join_inputs(read: Mapping[str, Given], unit: float) -> Given:
    """What was read of each input as samples of all of them.

    Raises:
        DataError: there are more samples of one than of another.
    """
    counts = {name: len(given.samples) for name, given in read.items()}
    if len(set(counts.values())) > 1:
        raise DataError(
            text(
                "the inputs have different numbers of samples: {counts}",
                counts=", ".join(f"`{name}` {count}" for name, count in counts.items()),
            )
        )
    columns = {name: [_in_stored_unit(sample, given) for sample in given.samples] for name, given in read.items()}
    samples = [InputTensors(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]
    notes = tuple(note for given in read.values() for note in given.notes)
    return Given(samples, unit, all(given.single for given in read.values()), notes)


def _in_stored_unit(sample: Any, given: Given) -> Tensor:
    """Bytes and indices as they are; real numbers with 1 for 1."""
    part: Tensor = sample
    return part if part.dtype == uint8 or not part.is_floating_point() or given.unit == 1 else part / given.unit


def _form(names: Sequence[str]) -> str:
    return "{" + ", ".join(f'"{name}": …' for name in names) + "}"
