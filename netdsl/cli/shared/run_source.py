"""The text of a run, and the settings that it was read with: kept in its folder, and read again."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, cast

import click

from netdsl.cli.shared.inputs import ProgramText, Settings
from netdsl.core.errors import TrainingError
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.runs.about import conforms, read_about


class RunSource(TypedDict):
    """What it takes to read a run's text again as it was read: paths in it are relative to the text's own `path`."""

    path: str
    overrides: dict[str, str]
    variant: str | None
    plugins: bool


def run_source(program: ProgramText) -> RunSource:
    """What `run.json` keeps of a text."""
    settings = program.settings
    return {
        "path": os.path.abspath(program.source.name),
        "overrides": dict(settings.overrides),
        "variant": settings.variant,
        "plugins": settings.plugins,
    }


def read_run_source(run: Path, settings: Settings, *, free: Collection[str] | None = None) -> ProgramText:
    """The text and the settings that a run was started with, and over them the settings that are given now.

    With `free`, only these settings may differ from those of the run.

    Raises:
        TrainingError: there is no run.
    """
    # A checkpoint lies in a folder of the run.
    root = run.parent.parent if run.suffix == ".safetensors" else run
    try:
        described = read_about(root)["source"]
        if not conforms(described, RunSource):
            raise ValueError("the source of the run is not described")
        net = (root / "run.net").read_text("utf-8")
    except (OSError, ValueError, KeyError) as error:
        raise not_a_run(run) from error
    source = cast("RunSource", described)
    if free is not None:
        _require_same(source, settings, free)
    settings = replace(
        settings,
        # What is given now goes before what was given then.
        overrides=source["overrides"] | dict(settings.overrides),
        variant=settings.variant or source["variant"],
        plugins=settings.plugins and source["plugins"],
    )
    return ProgramText(Source(source["path"], net), settings)


def not_a_run(path: Path) -> TrainingError:
    """The error of a path that holds no run."""
    return TrainingError(text("`{path}` is no run", path=path), "give the folder that `netdsl run` made")


def _require_same(source: RunSource, settings: Settings, free: Collection[str]) -> None:
    if settings.variant not in (None, source["variant"]):
        raise _another_run(f"--variant {settings.variant}")
    kept: Mapping[str, str] = source["overrides"]
    for name, value in settings.overrides.items():
        if name not in free and kept.get(name) != value:
            raise _another_run(f"--data '{value}'" if name == "data" else f"--set {name}={value}")


def _another_run(option: str) -> click.UsageError:
    return click.UsageError(
        text(
            "`{option}` would make it another run, and `--resume` goes on with a run as it is: "
            "leave it out, or begin a new run with the weights of this one, `--init-from RUN`",
            option=option,
        )
    )
