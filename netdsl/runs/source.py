"""The text of a run, and the settings that it was read with: kept in its folder, and read again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypedDict, cast

from netdsl.components import Facts
from netdsl.core.errors import TrainingError
from netdsl.core.files import require_regular
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.runs.about import CARRIED, RunAbout, conforms, is_about, read_about
from netdsl.runs.declared_facts import read_declared

LONGEST_HEADER = 100_000_000
"""So many bytes the header of a file of weights may have; safetensors allows no more."""

OF_THE_COURSE = (
    "train.epochs",
    "train.steps",
    "train.patience",
    "train.every",
    "train.keep",
    "train.test_train",
    "train.histograms",
    "train.report",
)
"""The settings that say how far to train, what to evaluate and what to keep: the weights on the way are the same."""

FREE = (*OF_THE_COURSE, "data.root", "data.workers")
"""The settings that resuming may change: those of the course, and where the data are."""


class RunSource(TypedDict):
    """What it takes to read a run's text again as it was read: paths in it are relative to the text's own `path`."""

    path: str
    overrides: dict[str, str]
    variant: str | None
    plugins: bool


def describe_source(
    source: Source, *, overrides: Mapping[str, str] | None, variant: str | None, plugins: bool = True
) -> RunSource:
    """What `run.json` keeps of a text."""
    return {
        "path": os.path.abspath(os.path.join(source.beside, source.name)),
        "overrides": dict(overrides or {}),
        "variant": variant,
        "plugins": plugins,
    }


def describe_carried(about: RunAbout) -> str:
    """What each file of weights says of its run: what it takes to read its text again, and to use its net.

    The same weights say the same, however far their run was to go.
    """
    carried = {name: value for name, value in about.items() if name in ("source", "data")}
    if conforms(about.get("source"), RunSource):
        source = cast("RunSource", about["source"])
        overrides = {name: value for name, value in source["overrides"].items() if name not in OF_THE_COURSE}
        carried["source"] = {**source, "overrides": overrides}
    return json.dumps(carried, ensure_ascii=False, sort_keys=True)


class FoundRun(NamedTuple):
    """What is kept of a run: in its folder, or in a file of weights that may lie anywhere.

    Args:
        folder: the folder of the run; of a file that lies in none, the folder of the file.
        net: its text.
        about: what `run.json` says; of a file that lies in no run, the part of it that the file carries.
    """

    folder: Path
    net: str
    about: RunAbout

    @property
    def facts(self) -> Facts | None:
        """What its data set told of itself; None where it is not kept."""
        return read_declared(self.about.get("data", {}))


def find_run(path: Path) -> FoundRun:
    """The run at a path, or the one that a checkpoint or a file of weights is of.

    Raises:
        TrainingError: there is none, or it does not say what it takes to read its text again.
    """
    is_file = path.suffix == ".safetensors"
    folders = (path.parent.parent, path.parent) if is_file else (path,)
    folder = next((one for one in folders if (one / "run.json").is_file()), path.parent if is_file else path)
    try:
        # A file that was moved tells what it is itself, and so does one that was moved into another run.
        found = (is_file and _read_carried(path, folder)) or FoundRun(folder, _read_net(folder), read_about(folder))
        if not conforms(found.about["source"], RunSource):
            raise ValueError("the source of the run is not described")
    except (OSError, ValueError, KeyError) as error:
        raise not_a_run(path) from error
    return found


def read_source_of(run: Path) -> tuple[Source, RunSource]:
    """The text of a run, or of the run that a checkpoint is of, and the settings that it was started with.

    Raises:
        TrainingError: there is no run.
    """
    found = find_run(run)
    settings = cast("RunSource", found.about["source"])
    folder, name = os.path.split(settings["path"])
    # A text that was never a file goes by its own name; paths in it are relative to where the run was started.
    return Source(name if name.startswith("<") else settings["path"], found.net, beside=folder), settings


def _read_net(folder: Path) -> str:
    return require_regular(folder / "run.net").read_text("utf-8")


def _read_carried(path: Path, folder: Path) -> FoundRun | None:
    """The run that a file of weights tells of; None where it tells of none, as older ones."""
    try:
        with require_regular(path).open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= LONGEST_HEADER else {}
        metadata = header["__metadata__"]
        net, about = metadata["net"], json.loads(metadata[CARRIED])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(net, str) or not is_about(about):
        return None
    return FoundRun(folder, net, about)


def not_a_run(path: Path) -> TrainingError:
    """The error of a path that holds no run."""
    return TrainingError(text("`{path}` is no run", path=path), "give the folder that `netdsl run` made")


def find_change(kept: RunSource, overrides: Mapping[str, str]) -> tuple[str, str] | None:
    """The first of the settings given now, with its value, that would make another run of the one that was begun."""
    return next(
        (
            (name, value)
            for name, value in overrides.items()
            if name not in FREE and kept["overrides"].get(name) != value
        ),
        None,
    )
