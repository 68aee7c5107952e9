"""What a table of text holds: its columns, which of them are numbers, and what its target is. Standard library only.

Every command pays for this module, so what only tables need is imported where they are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from netdsl.components import Refusal

Target = str | int | tuple[str, ...]
Task = Literal["auto", "classes", "numbers"]

MOST_CATEGORIES = 100
MOST_NUMBERED_CLASSES = 20


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
    header, rows = _rows(path)
    wanted = [_column_name(name, header, path) for name in (target if isinstance(target, tuple) else (target,))]
    unwanted = [_column_name(name, header, path, "drop") for name in drop]
    columns = {name: _column(name, [row[index] for row in rows]) for index, name in enumerate(header)}
    features = tuple(column for name, column in columns.items() if name not in [*wanted, *unwanted])
    targets = tuple(columns[name] for name in wanted)
    if not features:
        raise Refusal(f"`{path.name}` has no column besides its target", "target")
    for column in features:
        _check_feature(column, path)
    return Table(features, targets, _classes(targets, task, path), len(rows))


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    lines = _lines(path)
    first = next(iter(lines), "")
    delimiter = max(",;\t", key=first.count)
    numbered = [(number, row) for number, row in _parsed(lines, delimiter) if any(cell.strip() for cell in row)]
    if not numbered:
        raise Refusal(f"`{path.name}` is empty", "path")
    (_, header), *rest = numbered
    header = [cell.strip() for cell in header]
    if all(_is_number(cell) for cell in header):
        rest, header = numbered, [str(index) for index in range(len(header))]
    if repeated := {name for name in header if header.count(name) > 1}:
        raise Refusal(f"`{path.name}` has more than one column `{min(repeated)}`", "path")
    if not rest:
        raise Refusal(f"`{path.name}` has a header but no rows", "path")
    for number, row in rest:
        if len(row) != len(header):
            raise Refusal(
                f"`{path.name}`, line {number}: {len(row)} cells, where the first line has {len(header)}", "path"
            )
    return header, [[cell.strip() for cell in row] for _, row in rest]


def _lines(path: Path) -> list[str]:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        import gzip

        raw = gzip.decompress(raw)
    try:
        return raw.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise Refusal(f"`{path.name}` is not text in UTF-8 (byte {error.start})", "path") from None


def _parsed(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    import csv
    import io

    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter, skipinitialspace=True)
    for row in reader:
        yield reader.line_num, row


def _column_name(name: str | int, header: list[str], path: Path, at: str = "target") -> str:
    if isinstance(name, int) and str(name) not in header and -len(header) <= name < len(header):
        return header[name]
    if str(name) not in header:
        shown = ", ".join(header[:20]) + (", …" if len(header) > 20 else "")
        raise Refusal(f"`{path.name}` has no column `{name}`; its columns are {shown}", at)
    return str(name)


def _column(name: str, cells: list[str]) -> Column:
    words = tuple(cells)
    if all(_is_number(cell) for cell in cells):
        return Column(name, values=tuple(map(float, cells)), words=words)
    return Column(name, words=words, categories=tuple(sorted(set(words))))


def _check_feature(column: Column, path: Path) -> None:
    empty = next((row for row, word in enumerate(column.words, 1) if not word), None)
    if empty is not None:
        raise Refusal(
            f"`{path.name}` has an empty cell in column `{column.name}` (row {empty})",
            "path",
            f"fill it in, leave the row out, or write `drop={column.name}`",
        )
    if len(column.categories) > MOST_CATEGORIES:
        odd = next(word for word in column.words if not _is_number(word))
        raise Refusal(
            f"column `{column.name}` of `{path.name}` is neither numbers (`{odd}` is none) nor a few words "
            f"(it has {len(column.categories):,} different ones)",
            "path",
            f"write `drop={column.name}` to leave it out",
        )


def _classes(targets: tuple[Column, ...], task: Task, path: Path) -> tuple[str, ...]:
    if any(not word for target in targets for word in target.words):
        raise Refusal(f"`{path.name}` has an empty cell in its target column", "target")
    words = [target for target in targets if target.categories]
    if len(targets) > 1 or task == "numbers":
        if words:
            raise Refusal(f"column `{words[0].name}` of `{path.name}` holds words, not numbers to predict", "target")
        return ()
    (target,) = targets
    if target.categories:
        return target.categories
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
    return number - number == 0 and "_" not in cell
