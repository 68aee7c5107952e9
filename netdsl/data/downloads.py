"""Downloads of missing archives, by torchvision, and advice when a download fails."""

from __future__ import annotations

import hashlib
import lzma
import socket
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.data_folder import locked

PATIENCE = 30.0
"""Seconds without a byte after which a download is given up."""


FAILURES = (OSError, RuntimeError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What torchvision raises where the network fails, or an archive is damaged."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A file to download: its address, its checksum, and the folder below the root into which it is unpacked."""

    url: str
    md5: str | None = None
    folder: str = ""
    name: str = ""

    @property
    def file(self) -> str:
        """The name of the file on the disk."""
        return self.name or self.url.rpartition("/")[2]


def obtain(name: str, root: Path, archives: Callable[[], Sequence[Archive]], ready: Callable[[], bool]) -> None:
    """Downloads and unpacks a data set unless it is `ready`. `archives` may import torchvision.

    An archive that is in its folder already is used instead of a download, if its checksum is right.
    """
    if ready():
        return
    with locked(root):
        if ready():
            return
        wanted = archives()
        for archive in wanted:
            try:
                _get(root, archive)
            except FAILURES as error:
                raise DataError(describe_failure(name, root, [archive], error), by_hand(root, wanted)) from error


def describe_failure(name: str, root: Path, archives: Sequence[Archive], error: Exception) -> str:
    """The reason why a data set is missing: an archive on the disk is a wrong one, or the download fails."""
    for archive in archives:
        path = root / archive.folder / archive.file
        if path.is_file() and archive.md5 and (found := _md5(path)) != archive.md5:
            return text(
                "`{path}` is cut off or altered: it has {bytes:,} bytes and the md5 {found}, but {expected} is "
                "expected; it cannot be downloaded again: {reason}",
                path=path,
                bytes=path.stat().st_size,
                found=found,
                expected=archive.md5,
                reason=error,
            )
        if path.is_file() and not isinstance(error, (OSError, RuntimeError)):
            return text(
                "`{path}` cannot be unpacked: it has {bytes:,} bytes; {reason}",
                path=path,
                bytes=path.stat().st_size,
                reason=error,
            )
    return text("cannot download `{dataset}`: {reason}", dataset=name, reason=error)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def by_hand(root: Path, archives: Sequence[Archive]) -> str:
    """Advice for a machine without a network: each file, its folder, its checksum and its address."""
    lines: list[str] = [text("download it elsewhere, put it into this folder and run again:")]
    for archive in archives:
        path = root / archive.folder / archive.file
        lines.append(
            text("  {path} (md5 {md5}) from {url}", path=path, md5=archive.md5, url=archive.url)
            if archive.md5
            else text("  {path} from {url}", path=path, url=archive.url)
        )
    return "\n".join(lines)


def _get(root: Path, archive: Archive) -> None:
    from torchvision.datasets.utils import download_and_extract_archive, download_url

    folder = root / archive.folder
    packed = archive.file.endswith((".gz", ".tgz", ".zip", ".tar", ".xz", ".bz2")) and not archive.name.endswith(".bz2")
    with patience():
        if packed:
            download_and_extract_archive(archive.url, str(folder), filename=archive.file, md5=archive.md5)
        else:
            download_url(archive.url, str(folder), archive.file, archive.md5)


@contextmanager
def patience() -> Iterator[None]:
    """Gives connections a time limit, which torchvision does not."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
