"""The plugins that installed packages announce, without the price of asking where none does.

`importlib.metadata` takes a tenth of the time of a whole check, and a millisecond for each package that it reads. So
the folders of the path are looked at here, and it is asked only of what is no folder.

Only installed packages count. The current folder is left out where Python would import from it: a `*.dist-info` that
lies beside somebody's `.net` file must not run because the file is checked.
"""

from __future__ import annotations

import os
import re
import site
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

GROUP = "netdsl"
HEADER = re.compile(r"^(Name|Version|Requires-Dist): (.+)$", re.MULTILINE)


class Announcement(NamedTuple):
    """An entry point of netdsl's group.

    Args:
        name: what it calls itself.
        target: the module, or the object in one: `module:attribute`.
        package: the package that announces it, with its version, and with what it needs: `netdsl>=0.2`.
    """

    name: str
    target: str
    package: str
    version: str
    needs: tuple[str, ...] = ()


def announcements() -> list[Announcement]:
    """The entry points of netdsl's group, in the order of their names; of a package found twice, the first."""
    # A package that is found twice counts where Python would import it from: the first folder of the path.
    found: dict[str, list[Announcement]] = {}
    folders = _trusted_folders()
    for folder in folders:
        for package, announced in _announced(folder):
            found.setdefault(package, announced)
    if _has_other_finders():
        _ask_metadata(found, folders)
    return sorted((one for announced in found.values() for one in announced), key=lambda one: (one.name, one.package))


def _trusted_folders() -> list[str]:
    """The path without the current folder, unless it is named as a place of packages."""
    here = os.path.realpath(os.curdir)
    return [folder for folder in sys.path if os.path.realpath(folder) != here or _is_named(folder)]


def _is_named(folder: str) -> bool:
    # Not an empty entry of PYTHONPATH, nor a dot: they mean any folder in which one happens to be.
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.path.isabs(folder) and folder in (*named, *site.getsitepackages(), site.getusersitepackages())


def _announced(folder: str) -> Iterator[tuple[str, list[Announcement]]]:
    """The packages in a folder that announce something."""
    try:
        with os.scandir(folder) as entries:
            places = sorted(entry.path for entry in entries if entry.name.lower().endswith("-info"))
    # A zip file on the path has no folder to scan.
    except NotADirectoryError:
        found: dict[str, list[Announcement]] = {}
        _ask_metadata(found, [folder])
        yield from found.items()
        return
    # A path may name folders that are not there or not readable; Python passes them over too.
    except OSError:
        return
    for place in places:
        if (text := _read(f"{place}/entry_points.txt")) and f"[{GROUP}]" in text:
            headers = _read(f"{place}/METADATA") or _read(f"{place}/PKG-INFO")
            yield _entries(text, headers)


def _ask_metadata(found: dict[str, list[Announcement]], folders: list[str]) -> None:
    from importlib import metadata

    for package in metadata.distributions(path=folders):
        text = package.read_text("entry_points.txt") or ""
        if f"[{GROUP}]" in text:
            name, announced = _entries(text, package.read_text("METADATA") or package.read_text("PKG-INFO") or "")
            found.setdefault(name, announced)


def _entries(text: str, headers: str) -> tuple[str, list[Announcement]]:
    """What `entry_points.txt` says, together with the headers of a package."""
    # The headers end at the first empty line; the description below may look like one.
    fields = HEADER.findall(headers.partition("\n\n")[0])
    said = dict(fields)
    package, version = said.get("Name", "?").strip(), said.get("Version", "?").strip()
    # `netdsl-example` is another package.
    needs = tuple(value for name, value in fields if name == "Requires-Dist" and re.match(rf"{GROUP}\b(?!-)", value))
    announced = [Announcement(name, target, package, version, needs) for name, target in _section(text)]
    # Packages are the same by normalised name, as pip compares them.
    return re.sub(r"[-_.]+", "-", package).lower(), announced


def _section(text: str) -> Iterator[tuple[str, str]]:
    """The names and targets under netdsl's heading; `configparser` would take longer than the rest."""
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{GROUP}]"
        elif inside and "=" in line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            # Behind the target extras may stand in brackets.
            yield name.strip(), target.partition("[")[0].strip()


def _has_other_finders() -> bool:
    """Whether packages may be found by other means than the folders of the path."""
    # An editable install may bring a finder of its own, which knows packages that no folder shows.
    return any(hasattr(finder, "find_distributions") and finder is not PathFinder for finder in sys.meta_path)


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
