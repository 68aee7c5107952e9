"""Pyodide, Python for the browser: taken from its npm package when the page is made."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
import zlib
from contextlib import suppress
from pathlib import Path

from netdsl.core.errors import ExportError, FileError, WrongPath, in_a_line
from netdsl.core.files import reason
from netdsl.core.text import text

VERSION = "314.0.7"
"""The version that is taken, and that the tests try."""

FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
"""What is needed of the package."""

ABOUT = "package.json"
"""The file of the package that says its version."""


def find_program(name: str) -> str:
    """The path of a program.

    Raises:
        ExportError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise ExportError(
            text("`netdsl play --static` needs `{program}`, which is not installed", program=name),
            text("install Node.js, which brings both `node` and `npm`"),
        )
    return found


def obtain_pyodide(given: str | None, folder: Path) -> Path:
    """The folder of Pyodide's files.

    Args:
        given: the unpacked npm package, its `.tgz` file, or the address of one; None: it is fetched with npm.
        folder: an empty folder, for what has to be unpacked.

    Raises:
        FileError: npm cannot fetch it.
        WrongPath: what is given cannot be read, or is no Pyodide.
        ExportError: there is no npm.
    """
    path = Path(given) if given is not None and not given.startswith(("http://", "https://")) else None
    if path is None:
        path = _fetch(given or f"pyodide@{VERSION}", folder)
    home = path if path.is_dir() else _unpack(path, folder)
    for name in (*FILES, ABOUT):
        if not (home / name).is_file():
            raise WrongPath(
                text("`{path}` is not a Pyodide that can be used: it has no `{file}`", path=given or path, file=name),
                advise(),
            )
    return home


def advise() -> str:
    """Which Pyodide to take instead of one that does not fit."""
    return text("netdsl is tried with Pyodide {version}: `npm pack pyodide@{version}` fetches it", version=VERSION)


def read_version(home: Path) -> str:
    """The version of a Pyodide, as its package says it."""
    try:
        return str(json.loads((home / ABOUT).read_text("utf-8"))["version"])
    except (KeyError, TypeError, ValueError):
        return "?"


def _fetch(package: str, folder: Path) -> Path:
    """The `.tgz` of a package, of which npm is told the name or the address."""
    command = [find_program("npm"), "pack", "--loglevel=error", "--prefer-offline", "--fetch-retries=0"]
    command += [f"--pack-destination={folder}", package]
    # npm would heed a `.npmrc` and a `package.json` of the folder that it runs in.
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8")
    if done.returncode:
        raise FileError(
            text("npm cannot fetch `{package}`: {reason}", package=package, reason=_find_reason(done.stderr)),
            text(
                "check the network, or run `npm pack pyodide@{version}` elsewhere and give its file to `--pyodide`",
                version=VERSION,
            ),
        )
    return folder / done.stdout.split()[-1]


def _find_reason(complaint: str) -> str:
    """The sentence among the lines of npm's complaint that says why."""
    if found := re.search(r"reason: (.+)", complaint):
        return found[1].strip()
    lines = [re.sub(r"^npm (error|ERR!)", "", line).strip() for line in complaint.splitlines()]
    said = [line for line in lines if line and line.split()[0] not in ("code", "errno", "syscall", "path")]
    # A line may begin with a short form of the code: `notarget No matching version found`.
    return re.sub(r"^[a-z0-9]+ (?=[A-Z])", "", said[0]).rstrip(".") if said else text("it does not say why")


def _unpack(archive: Path, folder: Path) -> Path:
    """What is needed of a package, unpacked."""
    contents = {}
    try:
        with tarfile.open(archive, "r:gz") as package:
            for name in (*FILES, ABOUT):
                # Of what the archive holds only these are read, wherever its other paths lead.
                with suppress(KeyError):
                    if member := package.extractfile(f"package/{name}"):
                        contents[name] = member.read()
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        why = reason(error) if isinstance(error, OSError) else in_a_line(error)
        raise WrongPath(text("`{path}` cannot be read: {reason}", path=archive, reason=why), advise()) from error
    home = folder / "package"
    home.mkdir()
    for name, content in contents.items():
        (home / name).write_bytes(content)
    return home
