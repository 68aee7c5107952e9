"""The plugins that installed packages announce, without the price of asking where none does.

`importlib.metadata` takes a tenth of the time of a whole check, so it is asked only if a look at the announcements
themselves, the files `entry_points.txt` beside the packages, finds a word of netdsl.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "netdsl"


def entry_points() -> Iterable[EntryPoint]:
    """The entry points of netdsl's group."""
    if not (_has_other_finders() or any(_may_announce(folder) for folder in sys.path)):
        return ()
    from importlib import metadata

    return metadata.entry_points(group=GROUP)


def _has_other_finders() -> bool:
    """Whether packages may be found by other means than the folders of the path."""
    return any(hasattr(finder, "find_distributions") and finder is not PathFinder for finder in sys.meta_path)


def _may_announce(folder: str) -> bool:
    """Whether a package in this folder may have plugins; what is no folder, such as an archive, may."""
    try:
        with os.scandir(folder or ".") as entries:
            files = [f"{entry.path}/entry_points.txt" for entry in entries if entry.name.lower().endswith("-info")]
    except NotADirectoryError:
        return True
    except OSError:
        return False
    return any(_mentions_group(file) for file in files)


def _mentions_group(file: str) -> bool:
    try:
        with open(file, "rb") as stream:
            return f"[{GROUP}]".encode() in stream.read()
    except OSError:
        return False
