"""Files that are whole or absent, whenever the power goes, and where to keep those that can be made again."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from netdsl.core.text import text

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a system says of a disk, a quota or a file that cannot grow."""

SAID = {
    errno.ENOENT: "no such file or directory",
    errno.EACCES: "permission denied",
    errno.EPERM: "operation not permitted",
    errno.EROFS: "read-only file system",
    errno.ENOSPC: "no space left on device",
    errno.EDQUOT: "disk quota exceeded",
    errno.EFBIG: "file too large",
    errno.ENAMETOOLONG: "file name too long",
    errno.EEXIST: "file exists",
    errno.EISDIR: "is a directory",
    errno.ENOTDIR: "not a directory",
    errno.EINVAL: "not a regular file",
    errno.ENOTEMPTY: "directory not empty",
    errno.EADDRINUSE: "address already in use",
    errno.EIO: "input/output error",
}
"""What systems say of files, and of the port that a page is shown at."""

TEMPORARY = ".partial"
"""What the names of files end in that are not yet in their places."""


def find_home(path: Path) -> Path:
    """A path with the user's home in the place of a `~` that it begins with."""
    try:
        return path.expanduser()
    except RuntimeError:  # nobody of that name, or a user without a home
        return path


def require_regular(path: Path) -> Path:
    """The path, if what lies there can be read to its end, which a device or a pipe may not have.

    Raises:
        OSError: something else lies there than a file.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return path


def write_atomically(path: Path, content: bytes) -> None:
    """Puts a file in its place in one step: a reader sees the old content or the new, never a part.

    A file that is there already keeps its mode and its owner, a symbolic link still leads to it.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    path = path.resolve()
    old = path.stat() if path.exists() else None
    if old and not stat.S_ISREG(old.st_mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    # In the same folder, for only there a rename is one step; named after the process, since two may write at once.
    partial = path.with_name(f".{path.name[:64]}.{os.getpid()}{TEMPORARY}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            if old:  # before it is in its place, where nobody may see it with other rights
                _keep(partial, old)
            # On the disk before it is renamed: else a power cut may leave the new name on an empty file.
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:  # Ctrl-C too leaves nothing behind
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last; Windows has no such call and needs none."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def reason(error: OSError) -> str:
    """The system's words for an error, in lowercase: `no space left on device`."""
    said = (error.strerror or str(error)).lower()
    return text(SAID[error.errno]) if error.errno in SAID and SAID[error.errno] == said else said


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk is full, or a quota used up, or a file as large as it may be."""
    return isinstance(error, OSError) and error.errno in FULL


def user_cache() -> Path:
    """Where the system keeps what a program can make again."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def _keep(path: Path, old: os.stat_result) -> None:
    """Gives a file the mode of another, and its owner where that is another and may be given."""
    new = path.stat()
    if os.name == "posix" and (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):  # another's file in a folder of ours: it becomes ours, as with any editor
            os.chown(path, old.st_uid, old.st_gid)
    path.chmod(stat.S_IMODE(old.st_mode))
