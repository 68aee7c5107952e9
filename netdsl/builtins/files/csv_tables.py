"""What a table of text holds: its columns, which of them are numbers, and what its target is. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from math import nan
from pathlib import Path
from typing import Literal, NamedTuple

from netdsl.builtins.files import Decimal, Missing, Names, Scale, Target, Task
from netdsl.builtins.files.csv_rows import Dialect, Rows, column_name, is_missing, read_rows
from netdsl.components import Refusal
from netdsl.core.text import join_and, join_or, ntext, text

FILLED = frozenset({"mean", "median", "zero"})
"""The ways in which something is put in the place of what is missing."""
MOST_CATEGORIES = 100
MOST_ASKED_CATEGORIES = 1_000
MOST_NUMBERED_CLASSES = 20
NO_NUMBER = frozenset({"-", ".", "#n/a", "nil", "none", "null", "inf", "-inf"})
"""What stands among numbers, in small letters, and makes no words of them."""
COMMA = Dialect(decimal="comma")
NAME = re.compile(r"[^\W\d]\w*")


class TableOptions(NamedTuple):
    """What a `data csv` line says of its table, besides the path; the fields are the parameters of the data set."""

    target: Target = -1
    drop: Names = ()
    task: Task = "auto"
    missing: Missing = "error"
    flag: bool = False
    categorical: Names = ()
    numeric: Names = ()
    scale: Scale = "none"
    delimiter: str | None = None
    encoding: str = "utf-8"
    decimal: Decimal = "point"
    ids: Names = ()

    @property
    def dialect(self) -> Dialect:
        """How the file is written."""
        return Dialect(self.delimiter, self.encoding, self.decimal)


class Column(NamedTuple):
    """One column: a number a row, or one of a few words (`categories`, in order), which is fed as zeros and a one.

    Args:
        name: what the header calls it.
        cells: what is written.
        values: the numbers, NaN where one is missing; empty for words.
        categories: the words; empty for numbers.
        gaps: the rows in which it has no value.
        flagged: whether another column tells where that is.
        is_index: whether the net is fed the number of the category, from 1, and 0 for any other.
        input: the input that it belongs to, where the net has several.
    """

    name: str
    cells: tuple[str, ...]
    values: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    gaps: tuple[int, ...] = ()
    flagged: bool = False
    is_index: bool = False
    input: str = ""

    @property
    def width(self) -> int:
        """How many numbers a row of it makes."""
        return 1 if self.is_index else (len(self.categories) or 1) + self.flagged

    @property
    def codes(self) -> Sequence[float]:
        """A number a row: its own, or that of its category; NaN where there is none."""
        if self.values:
            return self.values
        numbers = {category: float(index) for index, category in enumerate(self.categories)}
        codes = [numbers.get(cell, nan) for cell in self.cells]
        for row in self.gaps:
            codes[row] = nan
        return codes

    def pick(self, rows: Sequence[int]) -> Column:
        """Some of the rows, none of which has a gap."""
        cells = tuple(self.cells[row] for row in rows)
        if self.values:
            return self._replace(cells=cells, values=tuple(self.values[row] for row in rows), gaps=())
        if not self.categories:  # as it is written
            return self._replace(cells=cells)
        return self._replace(cells=cells, categories=_sort(set(cells)), gaps=())


class Table(NamedTuple):
    """A table read: the columns that are fed, those to be predicted, and the classes, if classes they are.

    `written` are the columns that are fed as they are written: texts, and the paths of images.
    """

    features: tuple[Column, ...]
    targets: tuple[Column, ...]
    classes: tuple[str, ...]
    written: tuple[Column, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers one row feeds to the net."""
        return sum(column.width for column in self.features)

    @property
    def labels(self) -> list[int]:
        """Each row's class."""
        (target,) = self.targets
        numbers = {name: index for index, name in enumerate(self.classes)}
        return [numbers[word] for word in target.cells]


class Fault(NamedTuple):
    """What is wrong with a column, and what kind of fault that is."""

    column: str
    kind: Literal["missing", "unreadable", "decimal", "words", "empty"]
    message: str


def names(given: Names) -> tuple[str, ...]:
    """One name, or several, as several."""
    return (given,) if isinstance(given, str) else given


def read_table(path: Path, options: TableOptions) -> Table:
    """Reads a table; raises `Refusal` for what cannot be understood, `OSError` where the file cannot be read."""
    state = path.stat()
    return _read(path, options, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=4)  # a file is checked and then loaded, and an editor checks it at every key press
def _read(path: Path, options: TableOptions, _state: tuple[int, int]) -> Table:
    rows = read_rows(path, options.dialect)
    file, header = path.name, rows.header
    target = options.target
    wanted = [column_name(name, header, file) for name in (target if isinstance(target, tuple) else (target,))]
    unwanted = [column_name(name, header, file, "drop") for name in names(options.drop)]
    _check_kinds(options, header, file)
    if ids := names(options.ids):
        only = [column_name(name, header, file, "ids") for name in ids]
        if len(only) > 1:
            raise require_inputs(only, "ids", 1)
        unwanted = [name for name in header if name != only[0]]
    fed = [name for name in header if name not in wanted and name not in unwanted]
    if not fed:
        raise Refusal(text("`{file}` has no column besides its target", file=file), "target")
    return make_table(rows, wanted, fed, options, file)


def require_inputs(columns: Sequence[str], parameter: str, size: int | str) -> Refusal:
    """What is wrong with columns that only a net whose inputs have names can take."""
    written = " ".join(f"{name}={size}" for name in columns)
    message = text(
        "`{parameter}={columns}` is for a net whose inputs have names",
        parameter=parameter,
        columns=",".join(columns),
    )
    return Refusal(message, parameter, text("give each an input of its name: `input {inputs}`", inputs=written))


def make_table(
    rows: Rows, wanted: Sequence[str], fed: Sequence[str], options: TableOptions, file: str, written: Sequence[str] = ()
) -> Table:
    """The table of some columns: those that are predicted, those that are fed, and those fed as they are written."""
    columns = {
        name: (Column if name in written else partial(_column, options=options))(
            name, tuple(line.cells[index] for line in rows.lines)
        )
        for index, name in enumerate(rows.header)
        if name in {*wanted, *fed, *written}
    }
    if options.missing == "drop":
        columns, rows = _complete(columns, rows, file)
    features = [columns[name] for name in fed]
    _check_features(features, rows, options, file)
    if options.flag:
        features = [column._replace(flagged=bool(column.gaps) and not column.is_index) for column in features]
    targets = tuple(columns[name] for name in wanted)
    classes = _classes(targets, rows, options, file)
    _check_scale(targets, classes, rows, options, file)
    return Table(tuple(features), targets, classes, tuple(columns[name] for name in written))


def _check_kinds(options: TableOptions, header: Sequence[str], file: str) -> None:
    for at in ("categorical", "numeric"):
        for name in names(getattr(options, at)):
            column_name(name, header, file, at)
    if both := set(names(options.categorical)) & set(names(options.numeric)):
        raise Refusal(text("column `{column}` is either categorical or numeric", column=min(both)), "numeric")


def _column(name: str, cells: tuple[str, ...], options: TableOptions) -> Column:
    is_index = name in names(options.ids)
    if is_index or name in names(options.categorical):
        # Asked for as a word, `NA` is one: the code of Namibia, say.
        gaps = tuple(row for row, cell in enumerate(cells) if not cell)
        return Column(name, cells, categories=_sort({*cells} - {""}), gaps=gaps, is_index=is_index)
    gaps = tuple(row for row, cell in enumerate(cells) if is_missing(cell))
    numbers = list(map(options.dialect.number, cells))
    odd = {cell for cell, number in zip(cells, numbers, strict=True) if number is None and not is_missing(cell)}
    if not odd or name in names(options.numeric):
        return Column(name, cells, tuple(nan if number is None else number for number in numbers), gaps=gaps)
    return Column(name, cells, categories=_sort({cell for cell in cells if not is_missing(cell)}), gaps=gaps)


def _sort(words: Iterable[str]) -> tuple[str, ...]:
    """Numbers by value, so that class 2 comes before class 10; words by the alphabet."""
    words = sorted(words)
    values = [Dialect().number(word) for word in words]
    if all(value is not None for value in values):
        return tuple(word for _, word in sorted(zip(values, words, strict=True)))
    return tuple(words)


def _complete(columns: dict[str, Column], rows: Rows, file: str) -> tuple[dict[str, Column], Rows]:
    """The rows in which nothing is missing."""
    gaps = {row for column in columns.values() for row in column.gaps}
    kept = [row for row in range(len(rows.lines)) if row not in gaps]
    if not kept:
        raise Refusal(
            text("every row of `{file}` misses something, so that `missing=drop` leaves none", file=file),
            "missing",
            "write `missing=median`, or leave out the columns in which most values are missing: `drop=`",
        )
    lines = [rows.lines[row] for row in kept]
    return {name: column.pick(kept) for name, column in columns.items()}, rows._replace(lines=lines)


def _check_features(columns: Sequence[Column], rows: Rows, options: TableOptions, file: str) -> None:
    """Refuses a table with columns that cannot be fed to a net: all of them in one message."""
    faults = [fault for column in columns if (fault := _fault(column, rows, options))]
    if faults:
        said = join_and(fault.message for fault in faults)
        message = text("`{file}` cannot be fed to a net: {columns}", file=file, columns=said)
        raise Refusal(message, "path", _advise(faults))


def _advise(faults: Sequence[Fault]) -> str:
    of_kind: dict[str, list[str]] = {}
    for fault in faults:
        of_kind.setdefault(fault.kind, []).append(fault.column)
    advice: list[str] = []
    if "missing" in of_kind:
        advice += [
            text("write `missing=median flag` to fill in what is missing"),
            text("write `missing=drop` to leave its rows out"),
        ]
    if "decimal" in of_kind:
        advice.append(text("write `decimal=comma`"))
    if listed := of_kind.get("unreadable"):
        advice.append(text("correct the cells, or take them for words: `categorical={names}`", names=_written(listed)))
    # Rows that miss something are of use, columns that cannot be read are not.
    listed = [fault.column for fault in faults if fault.kind != "decimal"]
    if listed:
        advice.append(text("leave columns out: `drop={names}`", names=_written(listed)))
    return join_or(advice)


def _written(columns: Sequence[str]) -> str:
    return ",".join(name if NAME.fullmatch(name) else f'"{name}"' for name in columns)


def _fault(column: Column, rows: Rows, options: TableOptions) -> Fault | None:
    """What is wrong with a column: values are missing, it holds too many words, or it is neither numbers nor words."""
    if len(column.gaps) == len(column.cells):
        return Fault(column.name, "empty", text("column `{column}` is empty", column=column.name))
    if fault := _odd_cells(column, rows, options):
        return fault
    if column.gaps and options.missing not in FILLED:
        return _gaps(column, rows)
    asked = column.name in names(options.categorical)
    if not column.is_index and len(column.categories) > (MOST_ASKED_CATEGORIES if asked else MOST_CATEGORIES):
        message = text(
            "column `{column}` holds {words:,} different words, such as `{word}`",
            column=column.name,
            words=len(column.categories),
            word=next(cell for cell in column.cells if cell in column.categories),
        )
        return Fault(column.name, "words", message)
    return None


def _gaps(column: Column, rows: Rows) -> Fault:
    message = ntext(
        "column `{column}` has {count} missing value (line {line})",
        "column `{column}` has {count} missing values (the first in line {line})",
        count=len(column.gaps),
        column=column.name,
        line=rows.lines[column.gaps[0]].number,
    )
    return Fault(column.name, "missing", message)


def _odd_cells(column: Column, rows: Rows, options: TableOptions) -> Fault | None:
    """The fault of a column of numbers in which something else stands."""
    must_be_numbers = column.name in names(options.numeric)
    asked = column.is_index or column.name in names(options.categorical)
    if asked or (column.values and not must_be_numbers):
        return None
    gaps = set(column.gaps)
    present = [row for row in range(len(column.cells)) if row not in gaps]
    odd = [row for row in present if options.dialect.number(column.cells[row]) is None]
    if not odd:
        return None
    cell, line = column.cells[odd[0]], rows.lines[odd[0]].number
    if options.decimal == "point" and all(COMMA.number(column.cells[row]) is not None for row in present):
        message = text(
            "column `{column}` holds numbers with a comma, such as `{cell}` (line {line})",
            column=column.name,
            cell=cell,
            line=line,
        )
        return Fault(column.name, "decimal", message)
    if not must_be_numbers and not _is_of_numbers(column, odd):
        return None
    message = ntext(
        "column `{column}` holds numbers, but {count} cell is `{cell}` (line {line})",
        "column `{column}` holds numbers, but {count} cells are not, such as `{cell}` (line {line})",
        count=len(odd),
        column=column.name,
        cell=cell,
        line=line,
    )
    return Fault(column.name, "unreadable", message)


def _is_of_numbers(column: Column, odd: Sequence[int]) -> bool:
    """Whether some of a column's numbers are spoilt, rather than its numbers being words among others, as in `3+`."""
    numbers = len(column.cells) - len(column.gaps) - len(odd)
    if numbers == 0:
        return False
    words = {column.cells[row] for row in odd}
    distinct = len(column.categories) - len(words)
    return all(word.lower() in NO_NUMBER for word in words) or (
        numbers >= len(odd) and distinct > MOST_NUMBERED_CLASSES
    )


def _classes(targets: tuple[Column, ...], rows: Rows, options: TableOptions, file: str) -> tuple[str, ...]:
    if not targets:  # a text is predicted
        return ()
    faults = [
        fault
        for target in targets
        if (fault := _odd_cells(target, rows, options) or (_gaps(target, rows) if target.gaps else None))
    ]
    if faults:
        missing = all(fault.kind == "missing" for fault in faults)
        raise Refusal(
            text(
                "`{file}` does not say in every row what is to be predicted: {columns}",
                file=file,
                columns=join_and(fault.message for fault in faults),
            ),
            "target",
            "write `missing=drop` to leave such rows out" if missing else _advise(faults[:1]),
        )
    words = [target for target in targets if target.categories]
    if len(targets) > 1 or options.task == "numbers":
        if words:
            raise Refusal(
                text(
                    "column `{column}` of `{file}` holds words, not numbers to predict", column=words[0].name, file=file
                ),
                "target",
            )
        return ()
    (target,) = targets
    if target.categories:
        return target.categories
    distinct = sorted(set(zip(target.values, target.cells, strict=True)))
    if options.task == "classes" or (options.scale == "none" and _are_numbered(target.values)):
        return tuple(dict.fromkeys(word for _, word in distinct))
    return ()


def _are_numbered(values: Sequence[float]) -> bool:
    distinct = set(values)
    return 2 <= len(distinct) <= MOST_NUMBERED_CLASSES and distinct == set(range(len(distinct)))


def _check_scale(
    targets: tuple[Column, ...], classes: tuple[str, ...], rows: Rows, options: TableOptions, file: str
) -> None:
    if options.scale == "none":
        return
    if classes:
        raise Refusal(
            text("column `{column}` holds classes, which have no scale", column=targets[0].name),
            "scale",
            "leave `scale=` out",
        )
    if options.scale == "log":
        for target in targets:
            row = next((row for row, value in enumerate(target.values) if value <= 0), None)
            if row is not None:
                raise Refusal(
                    text(
                        "`scale=log` is for numbers above 0, but column `{column}` of `{file}` holds {value:g}",
                        column=target.name,
                        file=file,
                        value=target.values[row],
                    ),
                    "scale",
                    "write `scale=standard`",
                )
