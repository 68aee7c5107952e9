"""The rows of a table of text: its cells as they are written, and their lines. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from netdsl.builtins.files import Decimal
from netdsl.builtins.files.text_files import decode
from netdsl.components import Refusal
from netdsl.core.text import ntext, text

FOUND = ",;\t|"
"""What a table is searched for as the mark between its cells."""
NAMED = {"comma": ",", "semicolon": ";", "tab": "\t", "space": " "}
MISSING = frozenset({"", "?", "na", "n/a", "nan"})
"""How tables write, in small letters, that a value is missing."""
MOST_SHOWN = 20
"""So many columns are named in a message, at most."""
WITH_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d*)(,\d+)?([eE][+-]?\d+)?")


class Dialect(NamedTuple):
    """How a table is written.

    Args:
        delimiter: what stands between two cells, or its name; None: found in the first line.
        encoding: how characters are bytes, by a name that Python knows.
        decimal: what stands before the fraction of a number.
    """

    delimiter: str | None = None
    encoding: str = "utf-8"
    decimal: Decimal = "point"

    def number(self, cell: str) -> float | None:
        """The number in a cell; None where there is none."""
        if self.decimal == "comma" and cell:
            if not WITH_COMMA.fullmatch(cell):
                return None
            cell = cell.replace(".", "").replace(",", ".")
        try:
            number = float(cell)
        except ValueError:
            return None
        # Infinity and NaN fail the subtraction; Python also reads `1_000`, which in a table is a word.
        return number if number - number == 0 and "_" not in cell else None


class TableLine(NamedTuple):
    """A row, and the number of its line in the file, for a person to find it."""

    number: int
    cells: list[str]


class Rows(NamedTuple):
    """The names of the columns, numbers where the file has none, and the rows."""

    header: list[str]
    lines: list[TableLine]


def is_missing(cell: str) -> bool:
    """Whether a cell says that its value is missing."""
    return len(cell) < 4 and cell.lower() in MISSING


def read_rows(path: Path, dialect: Dialect) -> Rows:
    """The cells of a table; raises `Refusal` for what cannot be understood, `OSError` where the file cannot be read."""
    raw = _decode(path, dialect.encoding)
    delimiter = _delimiter(raw, dialect.delimiter)
    lines = [line for line in _parse(path, raw, delimiter) if any(line.cells)]
    if not lines:
        raise Refusal(text("`{file}` is empty", file=path.name), "path")
    (_, header), *rest = lines
    # A first line of nothing but numbers is no header.
    if all(dialect.number(cell) is not None for cell in header):
        rest, header = lines, [str(index) for index in range(len(header))]
    if repeated := {name for name in header if header.count(name) > 1}:
        raise Refusal(
            text("`{file}` has more than one column `{column}`", file=path.name, column=min(repeated)), "path"
        )
    if not rest:
        raise Refusal(text("`{file}` has a header but no rows", file=path.name), "path")
    for line in rest:
        if len(line.cells) != len(header):
            raise _ragged(path, line, len(header), delimiter)
    return Rows(header, rest)


def _ragged(path: Path, line: TableLine, columns: int, delimiter: str) -> Refusal:
    mark = next((name for name, mark in NAMED.items() if mark == delimiter), delimiter)
    return Refusal(
        ntext(
            "`{file}`, line {line}: {count} cell, where the first line has {columns}",
            "`{file}`, line {line}: {count} cells, where the first line has {columns}",
            count=len(line.cells),
            file=path.name,
            line=line.number,
            columns=columns,
        ),
        "path",
        text(
            "mend the line: cells are read as separated by `{mark}`, and one that contains it stands in quotes; "
            "where something else separates them, write `delimiter=`",
            mark=mark,
        ),
    )


def _decode(path: Path, encoding: str) -> str:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        import gzip
        import zlib

        try:
            raw = gzip.decompress(raw)
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise Refusal(text("`{file}` is not a complete gzip file", file=path.name), "path") from None
    # Excel begins a file with a byte order mark.
    return decode(raw, path.name, encoding)


def _delimiter(raw: str, given: str | None) -> str:
    if given is not None:
        mark = NAMED.get(given, given)
        if len(mark) != 1 or mark in '"\r\n':
            raise Refusal(
                text("`delimiter` is one character, not `{given}`", given=given),
                "delimiter",
                'write it in quotes, as in `delimiter="|"`, or `comma`, `semicolon`, `tab` or `space`',
            )
        return mark
    some = [line for line in raw[: 1 << 20].splitlines() if line.strip()][:2]
    first = some[0] if some else ""
    # The header tells what separates the cells: a decimal comma can stand in the rows only.
    mark = max(FOUND, key=first.count)
    if mark in first:
        return mark
    # A name may hold a blank, so the line below must have as many.
    counts = {len(line.split()) for line in some}
    return " " if len(some) > 1 and len(counts) == 1 and counts != {1} else ","


def _parse(path: Path, raw: str, delimiter: str) -> Iterator[TableLine]:
    import csv
    import io

    if delimiter == " ":  # any blanks separate, as many as there are
        raw = "\n".join(line.strip().replace("\t", " ") for line in raw.splitlines())
    # A quoted cell may hold line breaks, which `csv` itself must see.
    reader = csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            yield TableLine(reader.line_num, [cell.strip() for cell in row])
    except csv.Error as error:
        raise Refusal(
            text("`{file}`, line {line}: {error}", file=path.name, line=reader.line_num, error=str(error)), "path"
        ) from None


def column_name(name: str | int, header: Sequence[str], file: str, at: str = "target") -> str:
    """The column that a text names, by its name or by its number; raises `Refusal`, about the argument `at`."""
    # A column that has the number as its name goes before the one at that place.
    if isinstance(name, int) and str(name) not in header and -len(header) <= name < len(header):
        return header[name]
    if str(name) not in header:
        shown = ", ".join([*header[:MOST_SHOWN], *(["…"] if len(header) > MOST_SHOWN else [])])
        message = text(
            "`{file}` has no column `{column}`; its columns are {columns}", file=file, column=name, columns=shown
        )
        raise Refusal(message, at)
    return str(name)
