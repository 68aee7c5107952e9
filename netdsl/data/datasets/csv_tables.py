"""The loader of tables of text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import nan
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from netdsl.builtins.files.csv_rows import MOST_SHOWN
from netdsl.builtins.files.csv_tables import Column, Table, TableOptions, read_table
from netdsl.builtins.files.labelled_texts import Encoding, read_text_column
from netdsl.builtins.files.table_inputs import InputColumns, read_table_of_inputs
from netdsl.components import NamedShapes
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.datasets.labelled_texts import text_splits
from netdsl.data.inputs import InputTensors, Samples, tensors_of
from netdsl.data.samples import Feature, Learnt, Splits, Tensors
from netdsl.data.table_encoding import UNKNOWN, encode_rows, fit_features
from netdsl.data.target_scale import fit_scale, scale_targets


def load(
    root: Path,
    path: Path,
    *given: Any,
    text: str | None = None,
    rest: str | None = None,
    inputs: NamedShapes = (),
    **options: Any,
) -> Splits:
    """Reads a table as its facts were read."""
    encoding = Encoding(**{name: options.pop(name) for name in Encoding._fields if name in options})
    chosen = TableOptions(*given, **options)
    if inputs:
        names = [name for name, _ in inputs]
        table, _ = read_table_of_inputs(path, chosen, InputColumns(rest), names)
        codes: Samples = InputTensors({name: _by_rows(_codes(table, name)) for name in names})
    elif text is not None:
        return text_splits(path, read_text_column(path, text, chosen), encoding)
    else:
        table = read_table(path, chosen)
        codes = _by_rows(_codes(table))
    return Splits(Tensors(codes, _targets(table)), names=table.classes, encode=partial(_encode, path, table, chosen))


def _codes(table: Table, name: str = "") -> list[Any]:
    return [column.codes for column in table.features if column.input == name]


def _encode(
    path: Path, table: Table, options: TableOptions, parts: tuple[Tensors, Tensors], known: Learnt | None
) -> tuple[tuple[Tensors, Tensors], Learnt]:
    train, test = parts
    if known is not None:
        _require_columns(table, path, known)
    learnt = known or Learnt(
        fit_features(table.features, torch.cat(tensors_of(train.x), 1), options.missing),
        None if options.scale == "none" else fit_scale(train.y, logarithm=options.scale == "log"),
        tuple(target.name for target in table.targets),
    )
    encoded = [
        Tensors(
            _encode_samples(table, part.x, learnt),
            scale_targets(part.y, learnt.scale) if learnt.scale else part.y,
        )
        for part in (train, test)
    ]
    return (encoded[0], encoded[1]), learnt


def _encode_samples(table: Table, codes: Samples, learnt: Learnt) -> Samples:
    """The rows as the net is fed them, input by input."""

    def encode(name: str, part: Tensor) -> Tensor:
        now = [column for column in table.features if column.input == name]
        then = [column for column in learnt.columns if column.input == name]
        return encode_rows(_as_learnt(now, part, then), then)

    if isinstance(codes, Tensor):
        return encode("", codes)
    return InputTensors({name: encode(name, part) for name, part in codes.items()})


def _require_columns(table: Table, path: Path, known: Learnt) -> None:
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


def _as_learnt(columns_now: Sequence[Column], codes: Tensor, learnt: Sequence[Feature]) -> Tensor:
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


def _by_rows(columns: list[Any]) -> Tensor:
    return torch.tensor(columns, dtype=torch.float64).T.contiguous()


def _targets(table: Table) -> Tensor:
    if table.classes:
        return torch.tensor(table.labels)
    y = _by_rows([target.values for target in table.targets]).float()
    return y[:, 0] if len(table.targets) == 1 else y
