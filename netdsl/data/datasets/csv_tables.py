"""The loader of tables of text."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from netdsl.builtins.files import Target, Task
from netdsl.builtins.files.csv_tables import Column, Table, read_table
from netdsl.data.samples import Feature, Splits, Tensors


def load(root: Path, path: Path, target: Target = -1, drop: tuple[str, ...] | str = (), task: Task = "auto") -> Splits:
    """Reads a table as its facts were read."""
    table = read_table(path, target, drop=(drop,) if isinstance(drop, str) else drop, task=task)
    x = torch.cat([_columns(column) for column in table.features], 1)
    columns = [Feature(column.name, column.categories) for column in table.features]
    return Splits(Tensors(x.float(), _targets(table)), names=table.classes, columns=columns)


def _targets(table: Table) -> Tensor:
    if table.classes:
        return torch.tensor(table.labels)
    y = torch.cat([_columns(target) for target in table.targets], 1).float()
    return y[:, 0] if len(table.targets) == 1 else y


def _columns(column: Column) -> Tensor:
    return torch.tensor([column.encoded(row) for row in range(len(column.words))], dtype=torch.float64)
