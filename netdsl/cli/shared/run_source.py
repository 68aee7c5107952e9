"""The text of a run, read again with the settings of its folder and those of the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from netdsl.cli.shared.inputs import ProgramText, Settings
from netdsl.core.text import text
from netdsl.language.statements import DATA, INPUT
from netdsl.runs.source import RunSource, describe_source, find_change, find_run, read_source_of


def run_source(program: ProgramText) -> RunSource:
    """The text and its settings, as `run.json` keeps them."""
    settings = program.settings
    return describe_source(
        program.source, overrides=settings.overrides, variant=settings.variant, plugins=settings.plugins
    )


def read_run_source(run: Path, settings: Settings, *, resumes: bool = False, reads_data: bool = False) -> ProgramText:
    """The text and the settings of a run, overridden by the settings that are given now.

    If it `resumes`, only few settings may change. Unless it `reads_data`, what the run knows of its data is enough:
    they may be gone.

    Raises:
        TrainingError: there is no run.
    """
    source, kept = read_source_of(run)
    if resumes:
        _require_same(kept, settings)
    has_other_data = any(name.partition(".")[0] in (DATA.name, INPUT.name) for name in settings.overrides)
    settings = replace(
        settings,
        # The settings that are given now win.
        overrides=kept["overrides"] | dict(settings.overrides),
        variant=settings.variant or kept["variant"],
        plugins=settings.plugins and kept["plugins"],
    )
    return ProgramText(source, settings, None if resumes or reads_data or has_other_data else find_run(run).facts)


def _require_same(kept: RunSource, settings: Settings) -> None:
    if settings.variant not in (None, kept["variant"]):
        raise _another_run(f"--variant {settings.variant}")
    if change := find_change(kept, settings.overrides):
        name, value = change
        raise _another_run(f"--data '{value}'" if name == "data" else f"--set {name}={value}")


def _another_run(option: str) -> click.UsageError:
    return click.UsageError(
        text(
            "`{option}` would make it another run, and `--resume` continues a run as it is: "
            "leave it out, or start a new run with the weights of this one, `--init-from RUN`",
            option=option,
        )
    )
