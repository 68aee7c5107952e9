"""The folder that the page was started in: its `.net` files, read and saved, and nothing outside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

from netdsl.core.errors import FileError
from netdsl.core.files import reason, write_atomically
from netdsl.core.limits import MAX_BYTES
from netdsl.core.text import text

SUFFIX = ".net"
MOST_FILES = 500
DEEPEST = 4
"""How deep in the folder the list of files looks."""

SKIPPED = frozenset({"node_modules", "__pycache__", "runs", "site-packages"})
"""Folders in which nobody keeps nets."""


@dataclass(frozen=True)
class NetFile:
    """A file's name, its text, and the mark by which its content is known again."""

    name: str
    text: str
    mark: str


@dataclass(frozen=True)
class Workspace:
    """A folder, whose real path is given."""

    folder: Path

    def list_files(self) -> list[str]:
        """The names of its nets, with `/` between folders."""
        return sorted(islice(self._find(self.folder, DEEPEST), MOST_FILES))

    def read(self, name: str) -> NetFile:
        """A file of the folder.

        Raises:
            FileError: there is none of that name, it lies elsewhere, or it is no text.
        """
        path = self._locate(name)
        try:
            if not path.is_file():
                raise FileError(text("no such file: `{file}`", file=name))
            if path.stat().st_size > MAX_BYTES:
                raise FileError(text("`{file}` is larger than {limit} MiB", file=name, limit=MAX_BYTES >> 20))
            content = path.read_bytes()
        except OSError as error:
            raise FileError(text("`{path}` cannot be read: {reason}", path=name, reason=reason(error))) from error
        try:
            return NetFile(name, content.decode("utf-8").replace("\r\n", "\n"), _mark(content))
        except UnicodeDecodeError as error:
            raise FileError(
                text("`{file}` is not UTF-8 text: byte {place} is wrong", file=name, place=error.start)
            ) from error

    def save(self, name: str, written: str, mark: str | None) -> NetFile:
        """Writes a file; `mark` is that of the content which the text was made from, None where it is to be a new file.

        Raises:
            FileError: it cannot be written, or has changed since, and would be lost.
        """
        path = self._locate(name)
        try:
            old = path.read_bytes() if path.exists() else None
            if old is not None and _mark(old) != mark:
                raise FileError(
                    text("`{file}` holds another text than the one you opened", file=name),
                    text("save under another name, or open it again"),
                )
            # A file keeps the line ends that it has.
            ends = "\r\n" if old is not None and b"\r\n" in old else "\n"
            content = written.replace("\n", ends).encode("utf-8", "surrogatepass")
            content.decode("utf-8")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        except UnicodeDecodeError as error:
            raise FileError(text("the text holds half a character, which no file can hold")) from error
        except OSError as error:
            raise FileError(text("cannot write `{path}`: {reason}", path=name, reason=reason(error))) from error
        return NetFile(name, written, _mark(content))

    def _locate(self, name: str) -> Path:
        """Where a file of this name lies, links followed.

        Raises:
            FileError: outside the folder, or it is not the name of a net.
        """
        if "\0" in name or not name.endswith(SUFFIX) or Path(name).name == SUFFIX or len(name) > 255:
            raise FileError(text("`{file}` is not the name of a net: write one such as `my.net`", file=name[:80]))
        path = Path(os.path.realpath(self.folder / name))
        if not path.is_relative_to(self.folder):
            raise FileError(text("`{file}` lies outside the folder that `netdsl play` was started in", file=name))
        return path

    def _find(self, folder: Path, depth: int) -> Iterator[str]:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:  # a folder that may not be read has no files for us
            return
        for entry in entries:
            if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path).relative_to(self.folder).as_posix()
            elif depth and entry.is_dir(follow_symlinks=False) and not _is_skipped(entry.name):
                yield from self._find(Path(entry.path), depth - 1)


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED


def _mark(content: bytes) -> str:
    return sha256(content).hexdigest()
