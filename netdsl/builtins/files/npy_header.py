"""What an array file holds, read from its header: shape and type of numpy's npy and npz. Standard library only."""

from __future__ import annotations

import ast
import re
import struct
import sys
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from netdsl.components import Refusal
from netdsl.core.text import text

if TYPE_CHECKING:
    import zipfile

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000
"""Bytes of a header that numpy reads without being asked to trust the file."""

AT_ONCE = 1 << 16
"""Labels that are read at a time: an archive of zeros is small, however many they are."""

DENSEST = 1032
"""Bytes that one byte of zip's deflate stands for at most (zlib's "maximum expansion factor")."""

DTYPE = re.compile(r"[<>|=](b1|[iu][1248]|f[248]|f16)")
"""The types of numbers that numpy reads and torch can hold."""

_TYPECODES = {("i", 1): "b", ("u", 1): "B", ("i", 2): "h", ("u", 2): "H", ("i", 4): "i", ("u", 4): "I", ("i", 8): "q"}


class Header(NamedTuple):
    """An array's type (`<f4`), shape and order, and the bytes before its first value."""

    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    offset: int

    @property
    def kind(self) -> str:
        """`f` for real numbers, `i` and `u` for whole ones, `b` for booleans."""
        return self.dtype[1]

    @property
    def size(self) -> int:
        """Bytes a value."""
        return int(self.dtype[2:])


def npy_header(path: Path) -> Header:
    """The header of an npy file; raises `Refusal` where it is none, `OSError` where it cannot be read."""
    with path.open("rb") as file:
        return _header(file, path.name, path.stat().st_size)


def npz_headers(path: Path) -> Mapping[str, Header]:
    """The headers of all the arrays in an npz file, by name."""
    import zipfile

    with explain_damage(path), zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        return {name.removesuffix(".npy"): _member(archive, name, path) for name in names}


def count_classes(path: Path, name: str | None, header: Header) -> int:
    """One more than the largest label in an array of labels, which is read for it."""
    import zipfile

    with path.open("rb") as plain:
        if name is None:
            return _largest(plain, header, path.name) + 1
        with explain_damage(path), zipfile.ZipFile(plain) as archive, archive.open(f"{name}.npy") as member:
            return _largest(member, header, path.name) + 1


@contextmanager
def explain_damage(path: Path) -> Iterator[None]:
    """Turns what zipfile raises for an archive that is damaged into a `Refusal`."""
    import zipfile
    import zlib

    try:
        yield
    # A Refusal is a ValueError itself.
    except Refusal:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError, struct.error) as error:
        raise Refusal(
            text("`{file}` is damaged, or not an npz file: {reason}", file=path.name, reason=str(error).lower()), "path"
        ) from None


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> Header:
    import zipfile

    member = archive.getinfo(name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError("numpy writes no archive with this compression")
    # Memory is taken for as many bytes as the archive names, so it must be able to hold them.
    if member.file_size > DENSEST * min(member.compress_size, path.stat().st_size):
        raise zipfile.BadZipFile(text("`{array}` is too short for its size", array=name))
    with archive.open(member) as file:
        return _header(file, f"{path.name}/{name}", member.file_size)


def _header(file: IO[bytes], name: str, size: int) -> Header:
    """The header that an array begins with; `size` is that of the whole, which must hold the values too."""
    if file.read(6) != MAGIC:
        raise Refusal(text("`{file}` is not an npy file", file=name), "path")
    try:
        major, _ = file.read(2)
        # From version 2 on the header's length takes 4 bytes.
        width, code = (2, "<H") if major == 1 else (4, "<I")
        (length,) = struct.unpack(code, file.read(width))
        if length > LONGEST_HEADER:
            raise ValueError(
                text("it has {length:,} bytes; numbers need at most {most:,}", length=length, most=LONGEST_HEADER)
            )
        header = _parsed(file.read(length).decode("utf-8"), 8 + width + length)
    except (ValueError, struct.error) as error:
        raise Refusal(text("the header of `{file}` is damaged: {reason}", file=name, reason=error), "path") from None
    expected = header.offset + prod(header.shape) * header.size
    if size < expected:
        raise Refusal(
            text(
                "`{file}` is cut off: it has {actual:,} bytes, not {expected:,}",
                file=name,
                actual=size,
                expected=expected,
            ),
            "path",
        )
    return header


def _parsed(header: str, offset: int) -> Header:
    """The header that a dictionary of Python writes; raises `ValueError` where it is none, or none of numbers."""
    try:
        found = ast.literal_eval(header)  # as numpy does, which takes blanks before it for a file of Python 2
    # A hostile header may be nested deep enough for the last two.
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("it is not a dictionary of Python")
    for key in ("descr", "fortran_order", "shape"):
        if key not in found:
            raise ValueError(text("it has no `{key}`", key=key))
    dtype, shape = found["descr"], found["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(text("its shape is {shape}, which is not a tuple of sizes", shape=_shorten(shape)))
    if not isinstance(dtype, str) or not DTYPE.fullmatch(dtype):
        raise ValueError(text("its values are of type {dtype}, which are not numbers", dtype=_shorten(dtype)))
    return Header(dtype, shape, bool(found["fortran_order"]), offset)


def _shorten(value: object) -> str:
    """A value of a file as Python writes it, or the beginning of that."""
    import reprlib

    return reprlib.repr(value)


def _largest(file: IO[bytes], header: Header, name: str) -> int:
    if header.kind == "b":
        # Booleans are two classes, whether or not both occur.
        return 1
    file.seek(header.offset)
    count, largest = prod(header.shape), 0
    for start in range(0, count, AT_ONCE):
        values = array(_TYPECODES.get((header.kind, header.size), "Q"))
        raw = file.read(min(AT_ONCE, count - start) * header.size)
        if len(raw) < min(AT_ONCE, count - start) * header.size:
            raise Refusal(text("`{file}` is cut off within its labels", file=name), "path")
        values.frombytes(raw)
        # `array` reads in the machine's own byte order.
        if header.dtype[0] == (">" if sys.byteorder == "little" else "<"):
            values.byteswap()
        if min(values) < 0:
            raise Refusal(
                text("`{file}` holds the label {label}; classes are counted from 0", file=name, label=min(values)),
                "path",
            )
        largest = max(largest, max(values))
    return largest
