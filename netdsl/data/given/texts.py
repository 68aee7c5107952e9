"""Texts: as they are written, files of them, or a column of a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from netdsl.builtins.files.csv_rows import Dialect, column_name, read_rows
from netdsl.builtins.files.csv_tables import names
from netdsl.builtins.files.text_files import read_file
from netdsl.core.errors import DataError, Refusal
from netdsl.core.files import reason
from netdsl.core.text import text
from netdsl.data.datasets.labelled_texts import pad
from netdsl.data.given.sample import Given, Stored

TABLES = (".csv", ".tsv")


def read_texts(x: object, stored: Stored) -> Given:
    """One text, or several; the path of a file of text, or of a table with a sample in each row.

    A text that is the path of a file is read from there.
    """
    if not stored.facts.padded:
        raise DataError("a language model has no class for a text", "let it write: `netdsl generate RUN`")
    single, texts = _find(x, stored)
    assert stored.vocabulary is not None  # it is by the vocabulary that texts are known for what they are
    try:
        numbers = [stored.vocabulary.encode(one) for one in texts]
    except Refusal as refusal:
        raise DataError(refusal.message) from refusal
    return Given(list(pad(numbers, stored.shape[0])), 1.0, single)


def _find(x: object, stored: Stored) -> tuple[bool, Sequence[str]]:
    try:
        if isinstance(x, os.PathLike) or (isinstance(x, str) and _is_file(x)):
            path = Path(x)
            if path.suffix.lower() in TABLES:
                return False, _cells(path, stored)
            return True, [read_file(path, stored.use.arguments.get("encoding", "utf-8"))]
    except Refusal as refusal:
        raise DataError(refusal.message, refusal.help) from refusal
    except OSError as error:
        raise DataError(text("cannot read `{path}`: {reason}", path=x, reason=reason(error))) from error
    if isinstance(x, str):
        return True, [x]
    if isinstance(x, Sequence) and all(isinstance(one, str | os.PathLike) for one in x):
        return False, [written for one in x for written in _find(one, stored)[1]]
    raise DataError(
        text(
            "`predict` is given a value of type {kind}, which is not a sample of `data {dataset}`",
            kind=type(x).__name__,
            dataset=stored.use.component.name,
        ),
        "give a text, the path of a file, or a list of these",
    )


def _is_file(written: str) -> bool:
    try:
        return Path(written).is_file()
    except (OSError, ValueError):  # too long for a path
        return False


def _cells(path: Path, stored: Stored) -> Sequence[str]:
    arguments = stored.use.arguments
    columns = names(arguments.get("text", ()))
    if not columns:
        raise DataError(
            text("the net was trained on files, and `{file}` is a table", file=path.name), "give texts or files of text"
        )
    options = {name: arguments[name] for name in ("delimiter", "encoding", "decimal") if name in arguments}
    rows = read_rows(path, Dialect(**options))
    place = rows.header.index(column_name(columns[0], rows.header, path.name, "text"))
    return [line.cells[place] for line in rows.lines]
