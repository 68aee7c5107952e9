"""The text of a run, and the settings that it was read with: kept in its folder, and read again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, cast

from netdsl.core.errors import TrainingError
from netdsl.core.files import require_regular
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.runs.about import conforms, read_about

FREE = (
    "train.epochs",
    "train.steps",
    "train.patience",
    "train.every",
    "train.keep",
    "train.test_train",
    "train.histograms",
    "train.report",
    "data.root",
    "data.workers",
)
"""The settings that resuming may change: how far to train, what to evaluate and to keep, and where the data are."""


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
        "path": os.path.abspath(source.name),
        "overrides": dict(overrides or {}),
        "variant": variant,
        "plugins": plugins,
    }


def read_source_of(run: Path) -> tuple[Source, RunSource]:
    """The text of a run, or of the run that a checkpoint is of, and the settings that it was started with.

    Raises:
        TrainingError: there is no run.
    """
    # A checkpoint lies in a folder of the run.
    root = run.parent.parent if run.suffix == ".safetensors" else run
    try:
        described = read_about(root)["source"]
        if not conforms(described, RunSource):
            raise ValueError("the source of the run is not described")
        net = require_regular(root / "run.net").read_text("utf-8")
    except (OSError, ValueError, KeyError) as error:
        raise not_a_run(run) from error
    settings = cast("RunSource", described)
    return Source(settings["path"], net), settings


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
