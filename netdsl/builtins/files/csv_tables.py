"""What a table of text holds: its columns, which of them are numbers, and what its target is. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from netdsl.builtins.files import Target, Task
from netdsl.components import Refusal
from netdsl.core.text import join_and, ntext, text

MOST_CATEGORIES = 100
MOST_NUMBERED_CLASSES = 20
MOST_SHOWN = 20
MISSING = frozenset({"", "?", "-", ".", "na", "n/a", "#n/a", "nan", "nil", "none", "null", "inf", "-inf"})
"""How tables write, in small letters, that a number is missing."""


class Column(NamedTuple):
    """One column: a number a row, or one of a few words (`categories`, sorted), which is fed as zeros and a one."""

    name: str
    values: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers a row of it makes."""
        return len(self.categories) or 1

    def encoded(self, row: int) -> Sequence[float]:
        """The numbers that the net is fed for a row."""
        if not self.categories:
            return (self.values[row],)
        return [float(self.words[row] == category) for category in self.categories]


NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Table:
    """A table read: the columns that are fed, those to be predicted, and the classes, if classes they are."""

    features: tuple[Column, ...]
    targets: tuple[Column, ...]
    classes: tuple[str, ...]
    rows: int

    @property
    def width(self) -> int:
        """How many numbers one row feeds to the net."""
        return sum(column.width for column in self.features)

    @property
    def labels(self) -> list[int]:
        """Each row's class."""
        (target,) = self.targets
        numbers = {name: index for index, name in enumerate(self.classes)}
        return [numbers[word] for word in target.words]


def read_table(path: Path, target: Target, *, drop: tuple[str, ...] = (), task: Task = "auto") -> Table:
    """Reads a table; raises `Refusal` for what cannot be understood, `OSError` where the file cannot be read."""
    state = path.stat()
    return _read(path, target, drop, task, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=4)  # a file is checked and then loaded, and an editor checks it at every key press
def _read(path: Path, target: Target, drop: tuple[str, ...], task: Task, _state: tuple[int, int]) -> Table:
    header, rows = read_rows(path)
    wanted = [_column_name(name, header, path) for name in (target if isinstance(target, tuple) else (target,))]
    unwanted = [_column_name(name, header, path, "drop") for name in drop]
    columns = {name: _column(name, [row[index] for row in rows]) for index, name in enumerate(header)}
    features = tuple(column for name, column in columns.items() if name not in [*wanted, *unwanted])
    targets = tuple(columns[name] for name in wanted)
    if not features:
        raise Refusal(text("`{file}` has no column besides its target", file=path.name), "target")
    _check_features(features, path)
    return Table(features, targets, _classes(targets, task, path), len(rows))


def read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, numbers where the file has none, and the cells of each row; raises as `read_table`."""
    lines = _lines(path)
    first = next(iter(lines), "")
    # The header tells what separates the cells: a decimal comma can stand in the rows only.
    delimiter = max(",;\t", key=first.count)
    numbered = [(number, row) for number, row in _parsed(lines, delimiter) if any(cell.strip() for cell in row)]
    if not numbered:
        raise Refusal(text("`{file}` is empty", file=path.name), "path")
    (_, header), *rest = numbered
    header = [cell.strip() for cell in header]
    # A first line of nothing but numbers is no header.
    if all(_is_number(cell) for cell in header):
        rest, header = numbered, [str(index) for index in range(len(header))]
    if repeated := {name for name in header if header.count(name) > 1}:
        raise Refusal(
            text("`{file}` has more than one column `{column}`", file=path.name, column=min(repeated)), "path"
        )
    if not rest:
        raise Refusal(text("`{file}` has a header but no rows", file=path.name), "path")
    # The line's number is the file's, for a person to find it, and not that of the row.
    for number, row in rest:
        if len(row) != len(header):
            raise Refusal(
                ntext(
                    "`{file}`, line {line}: {count} cell, where the first line has {columns}",
                    "`{file}`, line {line}: {count} cells, where the first line has {columns}",
                    count=len(row),
                    file=path.name,
                    line=number,
                    columns=len(header),
                ),
                "path",
            )
    return header, [[cell.strip() for cell in row] for _, row in rest]


def _lines(path: Path) -> list[str]:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        import gzip

        raw = gzip.decompress(raw)
    try:
        # Excel begins a file with a byte order mark.
        return raw.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise Refusal(
            text("`{file}` is not text in UTF-8 (byte {place})", file=path.name, place=error.start), "path"
        ) from None


def _parsed(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    import csv
    import io

    # A quoted cell may hold line breaks, which `csv` itself must see.
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter, skipinitialspace=True)
    for row in reader:
        yield reader.line_num, row


def _column_name(name: str | int, header: list[str], path: Path, at: str = "target") -> str:
    # A column that has the number as its name goes before the one at that place.
    if isinstance(name, int) and str(name) not in header and -len(header) <= name < len(header):
        return header[name]
    if str(name) not in header:
        shown = ", ".join([*header[:MOST_SHOWN], *(["…"] if len(header) > MOST_SHOWN else [])])
        message = text(
            "`{file}` has no column `{column}`; its columns are {columns}", file=path.name, column=name, columns=shown
        )
        raise Refusal(message, at)
    return str(name)


def _column(name: str, cells: list[str]) -> Column:
    words = tuple(cells)
    if all(_is_number(cell) for cell in cells):
        return Column(name, values=tuple(map(float, cells)), words=words)
    return Column(name, words=words, categories=tuple(sorted(set(words))))


def _check_features(columns: Sequence[Column], path: Path) -> None:
    """Refuses a table with columns that cannot be fed to a net: all of them in one message."""
    bad = {column.name: fault for column in columns if (fault := _fault(column))}
    if bad:
        message = text("`{file}` cannot be fed to a net: {columns}", file=path.name, columns=join_and(bad.values()))
        drop = ",".join(name if NAME.fullmatch(name) else f'"{name}"' for name in bad)
        advice = text(
            "fill in what is missing, leave its rows out, or leave the columns out: `drop={names}`", names=drop
        )
        raise Refusal(message, "path", advice)


def _fault(column: Column) -> str | None:
    """What is wrong with a column: a number is missing, or it holds too many words."""
    odd = [word for word in column.words if not _is_number(word)]
    if odd and _is_of_numbers(column, odd):
        return _missing_number(column, odd)
    if "" in column.categories:
        empty = column.words.count("")
        return ntext(
            "column `{column}` has {count} empty cell",
            "column `{column}` has {count} empty cells",
            count=empty,
            column=column.name,
        )
    if len(column.categories) > MOST_CATEGORIES:
        return text(
            "column `{column}` holds {words:,} different words, such as `{word}`",
            column=column.name,
            words=len(column.categories),
            word=odd[0],
        )
    return None


def _missing_number(column: Column, odd: Sequence[str]) -> str:
    if not any(odd):
        return ntext(
            "column `{column}` holds numbers, but {count} cell is empty",
            "column `{column}` holds numbers, but {count} cells are empty",
            count=len(odd),
            column=column.name,
        )
    return ntext(
        "column `{column}` holds numbers, but {count} cell is `{cell}`",
        "column `{column}` holds numbers, but {count} cells are not, such as `{cell}`",
        count=len(odd),
        column=column.name,
        cell=next(filter(None, odd)),
    )


def _is_of_numbers(column: Column, odd: Sequence[str]) -> bool:
    """Whether some of a column's numbers are missing, rather than its numbers being words among others, as in `3+`."""
    numbers = len(column.words) - len(odd)
    if numbers == 0:
        return False
    distinct = len(column.categories) - len(set(odd))
    return all(word.lower() in MISSING for word in odd) or (numbers >= len(odd) and distinct > MOST_NUMBERED_CLASSES)


def _classes(targets: tuple[Column, ...], task: Task, path: Path) -> tuple[str, ...]:
    for target in targets:
        odd = [word for word in target.words if not _is_number(word)]
        if odd and odd[0] and _is_of_numbers(target, odd):
            raise Refusal(_missing_number(target, odd), "target", "fill in what is missing, or leave its rows out")
    if any(not word for target in targets for word in target.words):
        raise Refusal(text("`{file}` has an empty cell in its target column", file=path.name), "target")
    words = [target for target in targets if target.categories]
    if len(targets) > 1 or task == "numbers":
        if words:
            raise Refusal(
                text(
                    "column `{column}` of `{file}` holds words, not numbers to predict",
                    column=words[0].name,
                    file=path.name,
                ),
                "target",
            )
        return ()
    (target,) = targets
    if target.categories:
        return target.categories
    # By value, so that class 2 comes before class 10.
    distinct = sorted(set(zip(target.values, target.words, strict=True)))
    if task == "classes" or _are_numbered(target.values):
        return tuple(dict.fromkeys(word for _, word in distinct))
    return ()


def _are_numbered(values: Sequence[float]) -> bool:
    distinct = set(values)
    return 2 <= len(distinct) <= MOST_NUMBERED_CLASSES and distinct == set(range(len(distinct)))


def _is_number(cell: str) -> bool:
    try:
        number = float(cell)
    except ValueError:
        return False
    # Infinity and NaN fail the subtraction; Python also reads `1_000`, which in a table is a word.
    return number - number == 0 and "_" not in cell
