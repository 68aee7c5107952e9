"""The columns of a table as the several inputs of a net, by the names of both."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from netdsl.builtins.files import Names
from netdsl.builtins.files.csv_rows import MOST_SHOWN, column_name, read_rows
from netdsl.builtins.files.csv_tables import Table, TableOptions, make_table, names
from netdsl.components import Refusal
from netdsl.core.text import join_and, text

Kind = Literal["numbers", "ids", "text", "image"]


class InputColumns(NamedTuple):
    """What the `data` line says of the columns that inputs take.

    Args:
        rest: the input that takes the columns of no other.
        texts: the columns that hold texts.
        images: the columns that hold the paths of images.
    """

    rest: str | None = None
    texts: Names = ()
    images: Names = ()


class TableInput(NamedTuple):
    """One input: the columns that it takes, and what stands in them."""

    name: str
    columns: tuple[str, ...]
    kind: Kind


class TableOfInputs(NamedTuple):
    """A table whose features are sorted by the inputs that take them. Texts and images have one column each.

    `predicted` is the text that the net predicts, token by token, where its target is one.
    """

    table: Table
    inputs: tuple[TableInput, ...]
    predicted: str = ""

    def cells(self, column: str) -> tuple[str, ...]:
        """What is written in a column of texts or paths."""
        return next(one.cells for one in self.table.written if one.name == column)


def read_table_of_inputs(
    path: Path, options: TableOptions, chosen: InputColumns, inputs: Sequence[str]
) -> TableOfInputs:
    """Reads the columns that the inputs of a net take.

    An input takes the column of its name, or else those whose names begin with its name and `_` or a point.

    Raises:
        Refusal: an input has no column, or the table cannot be understood.
        OSError: the file cannot be read.
    """
    state = path.stat()
    return _read(path, options, chosen, tuple(inputs), (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=4)  # a file is checked and then loaded, and an editor checks it at every key press
def _read(
    path: Path, options: TableOptions, chosen: InputColumns, inputs: tuple[str, ...], _state: tuple[int, int]
) -> TableOfInputs:
    rows = read_rows(path, options.dialect)
    file, header = path.name, rows.header
    target = options.target
    wanted = [column_name(name, header, file) for name in (target if isinstance(target, tuple) else (target,))]
    texts = [column_name(name, header, file, "text") for name in names(chosen.texts)]
    images = [column_name(name, header, file, "images") for name in names(chosen.images)]
    predicted = wanted[0] if len(wanted) == 1 and wanted[0] in texts else ""
    if predicted:  # what the net has written so far is fed, and the target is what follows
        wanted = []
    free = [name for name in header if name not in wanted and name not in names(options.drop)]
    found = _find_columns(inputs, free, chosen, file)
    ids = [column_name(name, header, file, "ids") for name in names(options.ids)]
    sorted_out = tuple(
        TableInput(name, columns, _kind(name, columns, ids, texts, images)) for name, columns in found.items()
    )
    plain = [one for one in sorted_out if one.kind in ("numbers", "ids")]
    fed = [column for one in plain for column in one.columns]
    if predicted and predicted not in {one.columns[0] for one in sorted_out}:
        raise Refusal(
            text("the text `{column}` is predicted, but no input takes what stands before a token", column=predicted),
            "target",
            text("give the net an input `{column}`", column=predicted),
        )
    written = [one.columns[0] for one in sorted_out if one.kind in ("text", "image")]
    table = make_table(rows, wanted, fed, options, file, written)
    owners = [one.name for one in plain for _ in one.columns]
    features = tuple(column._replace(input=owner) for column, owner in zip(table.features, owners, strict=True))
    return TableOfInputs(table._replace(features=features), sorted_out, predicted)


def _find_columns(
    inputs: Sequence[str], free: Sequence[str], chosen: InputColumns, file: str
) -> dict[str, tuple[str, ...]]:
    """The columns of each input, of those that are not predicted."""
    found: dict[str, tuple[str, ...]] = {}
    for name in inputs:
        if name in free:
            found[name] = (name,)
        else:
            found[name] = tuple(column for column in free if column.startswith((f"{name}_", f"{name}.")))
    if chosen.rest is not None:
        if chosen.rest not in found:
            raise Refusal(
                text("`rest={name}` names no input of the net", name=chosen.rest),
                "rest",
                text("the inputs are {names}", names=join_and(f"`{name}`" for name in inputs)),
            )
        taken = {column for name, columns in found.items() if name != chosen.rest for column in columns}
        found[chosen.rest] = tuple(column for column in free if column not in taken)
    for name, columns in found.items():
        if not columns:
            shown = ", ".join([*free[:MOST_SHOWN], *(["…"] if len(free) > MOST_SHOWN else [])])
            message = text(
                "`{file}` has no column `{column}`, and none whose name begins with `{column}_`; it has {columns}",
                file=file,
                column=name,
                columns=shown,
            )
            advice = text(
                "name the input after a column, or write `rest={name}` for all columns that are left", name=name
            )
            raise Refusal(message, f"inputs.{name}", advice)
    return found


def _kind(name: str, columns: Sequence[str], ids: Sequence[str], texts: Sequence[str], images: Sequence[str]) -> Kind:
    if written := [column for column in columns if column in texts or column in images]:
        if len(columns) > 1:
            message = text(
                "the input `{input}` takes several columns, and `{column}` is no number", input=name, column=written[0]
            )
            raise Refusal(message, f"inputs.{name}", "give it an input of its own")
        return "text" if written[0] in texts else "image"
    indices = [column for column in columns if column in ids]
    if indices and len(indices) < len(columns):
        other = next(column for column in columns if column not in ids)
        message = text(
            "the input `{input}` takes ids, `{column}`, and numbers, `{other}`",
            input=name,
            column=indices[0],
            other=other,
        )
        raise Refusal(message, f"inputs.{name}", "give them inputs of their own")
    return "ids" if indices else "numbers"
