"""`run.json`: what a run says of itself. Reading it needs no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, cast

from netdsl.core.sizes import Shape

EpochSummary = dict[str, float]
"""`epoch`, its number, and the values of its curves."""


class EpochResults(TypedDict, total=False):
    """The best epoch and the last; none of them before the first epoch has ended."""

    best: EpochSummary
    last: EpochSummary


class Speed(TypedDict):
    """How the run uses the machine, which resuming must repeat to come to the same bits."""

    layout: str
    test_batch: int


class KnownFacts(TypedDict, total=False):
    """What was found out about the data when they were read."""

    input: Shape | None
    classes: int | None
    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    sizes: tuple[int, int] | None


class RunAbout(TypedDict, total=False):
    """What `run.json` holds.

    `launch` is the launcher's name for the job; `source` is where the text came from, and its settings; `init` is the
    file or the run whose weights it began with; `skipped` are the images that were left out.
    """

    versions: dict[str, str]
    platform: str
    command: list[str]
    started: str
    name: str
    device: str
    seed: int
    launch: str
    source: Mapping[str, object]
    init: str
    speed: Speed
    data: KnownFacts
    status: str
    seconds: float
    criterion: str
    highest: bool
    result: EpochResults
    skipped: list[str]


def read_about(folder: Path) -> RunAbout:
    """What the `run.json` of a folder says; `OSError` or `ValueError` where there is none that can be read."""
    about = json.loads((folder / "run.json").read_text("utf-8"))
    if not isinstance(about, dict):
        raise ValueError("run.json holds no object")
    return cast("RunAbout", about)
