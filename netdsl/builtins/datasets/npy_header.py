"""What an array file holds, read from its header: shape and type of numpy's npy and npz. Standard library only.

Every command pays for this module, so what only arrays need is imported where they are read.
"""

from __future__ import annotations

import ast
import re
import struct
from array import array
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from netdsl.components import Refusal
from netdsl.core.sizes import product
from netdsl.core.text import text

if TYPE_CHECKING:
    import zipfile

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 1 << 20
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
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            return {name.removesuffix(".npy"): _member(archive, name, path) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refusal(
            text("`{file}` is damaged, or not an npz file: {reason}", file=path.name, reason=str(error).lower()), "path"
        ) from None


def count_classes(path: Path, name: str | None, header: Header) -> int:
    """One more than the largest label in an array of labels, which is read for it."""
    import zipfile

    with path.open("rb") as plain:
        if name is None:
            return _largest(plain, header, path.name) + 1
        with zipfile.ZipFile(plain) as archive, archive.open(f"{name}.npy") as member:
            return _largest(member, header, path.name) + 1


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> Header:
    with archive.open(name) as file:
        return _header(file, f"{path.name}/{name}", archive.getinfo(name).file_size)


def _header(file: IO[bytes], name: str, size: int) -> Header:
    """The header that an array begins with; `size` is that of the whole, which must hold the values too."""
    if file.read(6) != MAGIC:
        raise Refusal(text("`{file}` is not an npy file", file=name), "path")
    try:
        major, _ = file.read(2)
        width, code = (2, "<H") if major == 1 else (4, "<I")
        (length,) = struct.unpack(code, file.read(width))
        header = _parsed(file.read(min(length, LONGEST_HEADER)).decode("utf-8"), 8 + width + length)
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
        found = ast.literal_eval(header.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("it is not a dictionary of Python")
    for key in ("descr", "fortran_order", "shape"):
        if key not in found:
            raise ValueError(text("it has no `{key}`", key=key))
    dtype, shape = found["descr"], found["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(text("its shape is {shape!r}, which is not a tuple of sizes", shape=shape))
    if not isinstance(dtype, str) or not DTYPE.fullmatch(dtype):
        raise ValueError(text("its values are of type {dtype!r}, which are not numbers", dtype=dtype))
    return Header(dtype, shape, bool(found["fortran_order"]), offset)


def _largest(file: IO[bytes], header: Header, name: str) -> int:
    count = product(header.shape)
    file.seek(header.offset)
    if header.kind == "b":
        return 1
    values = array(_TYPECODES.get((header.kind, header.size), "Q"))
    assert isinstance(count, int)
    raw = file.read(count * header.size)
    if len(raw) < count * header.size:
        raise Refusal(
            text(
                "`{file}` is cut off: {actual:,} of {expected:,} bytes of labels",
                file=name,
                actual=len(raw),
                expected=count * header.size,
            ),
            "path",
        )
    values.frombytes(raw)
    if header.dtype[0] == ">":
        values.byteswap()
    if min(values, default=0) < 0:
        raise Refusal(
            text("`{file}` holds the label {label}; classes are counted from 0", file=name, label=min(values)), "path"
        )
    return max(values, default=0)
