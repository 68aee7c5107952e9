"""What the commands about runs share: the text of a run as it was read, its device, and how a failure is told."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from netdsl.cli.inputs import Program, Settings
from netdsl.core.source import Source

DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
FOLDER = click.Path(path_type=Path)


class Failed(click.ClickException):
    """Something that could not start or go on: one message, what to do about it, and status 1."""

    exit_code = 1

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message if help is None else f"{message}\nhelp: {help}")


class Device(click.ParamType[str]):
    """The name of a device, well formed; whether it is there is found out when it is used."""

    name = "device"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuses what no machine has."""
        if not DEVICE.fullmatch(value):
            self.fail(f"unknown device `{value}`: write auto, cpu, cuda, cuda:1 or mps", param, ctx)
        return str(value)


device_option = click.option(
    "--device",
    type=Device(),
    default="auto",
    metavar="NAME",
    help="auto (the default: the fastest there is), cpu, cuda, cuda:1 or mps.",
)


@contextmanager
def failures() -> Iterator[None]:
    """Turns what stops a run into one message and an exit status."""
    from netdsl.core.errors import PeerLost, ReportedElsewhere
    from netdsl.data import DataError
    from netdsl.training import Interrupted, TrainingError
    from netdsl.training.distributed.launcher import launched, pronounce

    try:
        yield
    except ReportedElsewhere:
        sys.exit(Failed.exit_code)
    except (DataError, TrainingError) as error:
        if isinstance(error, PeerLost) and launched():
            sys.exit(Failed.exit_code)
        failed = Failed(error.message, error.help)
        if pronounce(f"error: {failed.message}", failed.exit_code):
            sys.exit(failed.exit_code)
        raise failed from error
    except Interrupted as stopped:
        message = f"{stopped}; go on with `netdsl run --resume {stopped.folder}`"
        if stopped.reports and not pronounce(message, stopped.exit_status):
            click.echo(message, err=True)
        sys.exit(stopped.exit_status)


def _require_same(source: Mapping[str, Any], settings: Settings, free: Collection[str]) -> None:
    if settings.variant not in (None, source["variant"]):
        raise _otherwise(f"`--variant {settings.variant}`")
    for name, value in settings.overrides.items():
        if name not in free and source["overrides"].get(name) != value:
            raise _otherwise(f"`--data '{value}'`" if name == "data" else f"`--set {name}={value}`")


def _otherwise(given: str) -> click.UsageError:
    return click.UsageError(
        f"{given} would make it another run, and `--resume` goes on with a run as it is: "
        "leave it out, or begin a new run with the weights of this one, `--init-from RUN`"
    )


def describe_source(program: Program) -> dict[str, Any]:
    """What it takes to read a run's text again as it was read: paths in it are relative to where it lay."""
    settings = program.settings
    return {
        "path": os.path.abspath(program.source.name),
        "overrides": dict(settings.overrides),
        "variant": settings.variant,
        "plugins": settings.plugins,
    }


def recorded(run: Path, settings: Settings, *, free: Collection[str] | None = None) -> Program:
    """The text and the settings that a run was started with; what is given now comes on top.

    With `free`, only these settings may differ from those of the run.
    """
    root = run.parent.parent if run.suffix == ".safetensors" else run
    try:
        source = json.loads((root / "run.json").read_text("utf-8"))["source"]
        net = (root / "run.net").read_text("utf-8")
    except (OSError, ValueError, KeyError) as error:
        raise Failed(f"`{run}` is no run", "give the folder that `netdsl run` made") from error
    if free is not None:
        _require_same(source, settings, free)
    settings = replace(
        settings,
        overrides=source["overrides"] | dict(settings.overrides),
        variant=settings.variant or source["variant"],
        plugins=settings.plugins and source["plugins"],
    )
    return Program(Source(source["path"], net), settings)
