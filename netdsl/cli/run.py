"""`netdsl run`: train what a file describes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from netdsl.cli.inputs import Program, Settings, read_one, takes_settings, text_option
from netdsl.source import Source

DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
INTERVAL = re.compile(r"([1-9]\d*)(s?)")


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


class Interval(click.ParamType[dict[str, Any]]):
    """So many steps, or so many seconds: `500`, `30s`."""

    name = "interval"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """The arguments of `Saving`."""
        match = INTERVAL.fullmatch(value)
        if match is None:
            self.fail(f"`{value}` is no interval: write steps, as in 500, or seconds, as in 30s", param, ctx)
        return {"seconds": float(match[1])} if match[2] else {"steps": int(match[1])}


FOLDER = click.Path(path_type=Path)

device_option = click.option(
    "--device",
    type=Device(),
    default="auto",
    metavar="NAME",
    help="auto (the default: the fastest there is), cpu, cuda, cuda:1 or mps.",
)


@click.command
@click.argument("file", type=click.Path(), required=False)
@text_option
@takes_settings
@device_option
@click.option("--data", metavar="TEXT", help="Another `data` line: `--data 'digits batch=32'`.")
@click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Train for so many epochs.")
@click.option("--out", type=FOLDER, metavar="DIR", help="The run's folder, instead of runs/<name>/<time>.")
@click.option("--resume", type=FOLDER, metavar="RUN", help="Go on with a run, or from one of its checkpoints.")
@click.option("--init-from", type=FOLDER, metavar="RUN", help="Begin with the weights of a run, or of a file.")
@click.option(
    "--save-every",
    type=Interval(),
    default="30s",
    metavar="N",
    help="Steps between two checkpoints, or seconds as in 30s.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    file: str | None,
    text: str | None,
    settings: Settings,
    device: str,
    data: str | None,
    epochs: int | None,
    out: Path | None,
    resume: Path | None,
    init_from: Path | None,
    save_every: dict[str, Any],
    quiet: bool,
) -> None:
    """Train a net, evaluate it after each epoch, and leave a folder with its weights and curves.

    FILE is a .net file with a `data` line, or `-` for standard input. Ctrl-C finishes the step and saves; `--resume`
    goes on from there, and ends with the weights that the run would have had.
    """
    given = {"data": data, "train.epochs": epochs}
    settings = _override(settings, {name: str(value) for name, value in given.items() if value is not None})
    if resume is not None and (file or text or out or init_from):
        raise click.UsageError(
            "`--resume` goes on with a run as it is: leave FILE, `--out` and `--init-from` out"
        )
    program = Program(read_one(file, text), settings) if resume is None else _recorded(resume, settings)
    experiment = program.experiment
    with failures():
        from netdsl.training import Saving, train

        train(
            experiment,
            device=device,
            out=out,
            resume=resume,
            init=init_from,
            quiet=quiet,
            saving=Saving(**save_every),
            about={"source": _source(program)},
        )


@contextmanager
def failures() -> Iterator[None]:
    """Turns what stops a run into one message and an exit status."""
    from netdsl.data import DataError
    from netdsl.training import Interrupted, TrainingError

    try:
        yield
    except (DataError, TrainingError) as error:
        raise Failed(error.message, error.help) from error
    except Interrupted as stopped:
        click.echo(f"{stopped}; go on with `netdsl run --resume {stopped.folder}`", err=True)
        sys.exit(stopped.exit_status)


def _override(settings: Settings, overrides: dict[str, str]) -> Settings:
    return replace(settings, overrides={**settings.overrides, **overrides})


def _source(program: Program) -> dict[str, Any]:
    """What it takes to read the run's text again as it was read: paths in it are relative to where it lay."""
    settings = program.settings
    return {
        "path": os.path.abspath(program.source.name),
        "overrides": dict(settings.overrides),
        "variant": settings.variant,
        "plugins": settings.plugins,
    }


def _recorded(run: Path, settings: Settings) -> Program:
    """The text and the settings that a run was started with; what is given now comes on top."""
    root = run.parent.parent if run.suffix == ".safetensors" else run
    try:
        source = json.loads((root / "run.json").read_text("utf-8"))["source"]
        net = (root / "run.net").read_text("utf-8")
    except (OSError, ValueError, KeyError) as error:
        raise Failed(f"`{run}` is no run that can go on", "give the folder that `netdsl run` made") from error
    settings = replace(
        settings,
        overrides=source["overrides"] | dict(settings.overrides),
        variant=settings.variant or source["variant"],
        plugins=settings.plugins and source["plugins"],
    )
    return Program(Source(source["path"], net), settings)
