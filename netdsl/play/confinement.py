"""A process that reads one folder alone: a text from a stranger names files, and the check looks into them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from errno import EACCES
from pathlib import Path
from typing import Any

from netdsl.builtins.torchvision_weights import PREFIX
from netdsl.core.text import text
from netdsl.program import Experiment

EVENTS = frozenset({"open", "os.listdir", "os.scandir"})
"""What Python tells an audit hook of before it reads a file or a folder."""


def confine(folder: Path) -> None:
    """Refuses this process, from now on and for good, to read outside the folder, its own code left aside."""
    allowed = [
        _real(folder),
        *{_real(path) for path in (*sys.path, sys.prefix, sys.base_prefix, __file__ + "/../..") if path},
    ]

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and arguments and isinstance(arguments[0], (str, bytes, os.PathLike)):
            path = os.fsdecode(arguments[0])
            real = _real(path)
            if not any(real == one or real.startswith(one.rstrip(os.sep) + os.sep) for one in allowed):
                raise PermissionError(EACCES, text("outside the folder that `netdsl play` was started in"), path)

    sys.addaudithook(refuse)


def find_outside(experiment: Experiment, folder: Path) -> str | None:
    """What a checked text would read or write outside the folder, in words; None where it stays inside.

    Links are followed. The check has been refused the rest: this finds what is only read in training.
    """
    home = Path(_real(folder))
    for path in _paths(experiment):
        if not Path(_real(home / path)).is_relative_to(home):
            return text(
                "`{path}` lies outside `{folder}`, in which `netdsl play` was started: it reads nothing else",
                path=path,
                folder=folder,
            )
    return None


def _paths(experiment: Experiment) -> Iterator[Path]:
    uses = [use for kind in experiment.uses.values() for use in kind]
    if experiment.data is not None:
        uses += [experiment.data, *experiment.data.transforms]
        if experiment.data.settings.root is not None:
            yield Path(experiment.data.settings.root)
    if (source := experiment.pretrained.source) is not None and not source.startswith(PREFIX):
        yield Path(source)
    for use in uses:
        yield from (value for value in use.arguments.values() if isinstance(value, Path))


def _real(path: str | Path) -> str:
    return os.path.realpath(path)
