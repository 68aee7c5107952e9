"""The loader of tables of text."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from netdsl.builtins.files.csv_tables import Table, TableOptions, read_table
from netdsl.builtins.files.labelled_texts import Encoding, read_text_column
from netdsl.builtins.files.table_inputs import InputColumns
from netdsl.components import NamedShapes
from netdsl.data.datasets.labelled_texts import text_splits
from netdsl.data.datasets.table_inputs import load_inputs
from netdsl.data.samples import Learnt, Splits, Tensors
from netdsl.data.table_encoding import as_learnt, by_rows, encode_rows, fit_features, require_columns, targets_of
from netdsl.data.target_scale import fit_scale, scale_targets


def load(
    root: Path,
    path: Path,
    *given: Any,
    text: str | tuple[str, ...] = (),
    rest: str | None = None,
    images: str | tuple[str, ...] = (),
    inputs: NamedShapes = (),
    **options: Any,
) -> Splits:
    """Reads a table as its facts were read."""
    encoding = Encoding(**{name: options.pop(name) for name in Encoding._fields if name in options})
    chosen = TableOptions(*given, **options)
    if inputs:
        return load_inputs(path, chosen, InputColumns(rest, text, images), inputs, encoding)
    if text:
        column = text if isinstance(text, str) else text[0]
        return text_splits(path, read_text_column(path, column, chosen), encoding)
    table = read_table(path, chosen)
    codes = by_rows([column.codes for column in table.features])
    return Splits(Tensors(codes, targets_of(table)), names=table.classes, encode=partial(_encode, path, table, chosen))


def _encode(
    path: Path, table: Table, options: TableOptions, parts: tuple[Tensors, Tensors], known: Learnt | None
) -> tuple[tuple[Tensors, Tensors], Learnt]:
    train, test = parts
    if known is not None:
        require_columns(table, path, known)
    learnt = known or Learnt(
        fit_features(table.features, train.only, options.missing),
        None if options.scale == "none" else fit_scale(train.y, logarithm=options.scale == "log"),
        tuple(target.name for target in table.targets),
    )
    encoded = [
        Tensors(
            encode_rows(as_learnt(table.features, part.only, learnt.columns), learnt.columns),
            scale_targets(part.y, learnt.scale) if learnt.scale else part.y,
        )
        for part in (train, test)
    ]
    return (encoded[0], encoded[1]), learnt
