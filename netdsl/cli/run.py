"""`netdsl run`: train what a file describes."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import click

from netdsl.cli.inputs import Program, Settings, data_option, read_one, takes_settings, text_option
from netdsl.cli.run_source import FOLDER, describe_source, device_option, failures, recorded
from netdsl.training.distributed.launcher import condemned, launch, launched

FREE = ("train.epochs", "train.steps", "train.patience", "train.every", "train.keep", "data.root", "data.workers")
"""What `--resume` may change: how far to go, what to look at and to keep, and where the data lie."""

INTERVAL = re.compile(r"([1-9]\d*)(s?)")


class Interval(click.ParamType[dict[str, Any]]):
    """So many steps, or so many seconds: `500`, `30s`."""

    name = "interval"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """The arguments of `Saving`."""
        match = INTERVAL.fullmatch(value)
        if match is None:
            self.fail(f"`{value}` is no interval: write steps, as in 500, or seconds, as in 30s", param, ctx)
        return {"seconds": float(match[1])} if match[2] else {"steps": int(match[1])}


@click.command
@click.argument("file", type=click.Path(), required=False)
@text_option
@takes_settings
@device_option
@data_option
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
@click.option("--nproc", type=click.IntRange(min=1), metavar="N", help="Train in N processes on this machine.")
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
    nproc: int | None,
    quiet: bool,
) -> None:
    """Train a net, evaluate it after each epoch, and leave a folder with its weights and curves.

    FILE is a .net file with a `data` line, or `-` for standard input. Ctrl-C finishes the step and saves; `--resume`
    goes on from there, and ends with the weights that the run would have had.
    """
    settings = settings.overridden({"data": data, "train.epochs": epochs})
    if resume is not None and (file or text or out or init_from):
        raise click.UsageError("`--resume` goes on with a run as it is: leave FILE, `--out` and `--init-from` out")
    program = Program(read_one(file, text), settings) if resume is None else recorded(resume, settings, free=FREE)
    experiment = program.experiment
    if nproc is not None and not launched():
        sys.exit(_launch(nproc, program, out, resume))
    if condemned():
        return
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
            about={"source": describe_source(program)},
            callbacks=program.settings.registry.callbacks,
        )


def _launch(nproc: int, program: Program, out: Path | None, resume: Path | None) -> int:
    """Runs the same command in several processes, which agree on a folder before they start."""
    from netdsl.runs.folder import default_folder

    if program.source.name == "<stdin>":
        raise click.UsageError("`--nproc` gives the command to each process, but standard input only one can read")
    if "RANK" in os.environ:
        raise click.UsageError("torchrun starts the processes here: leave `--nproc` out")
    folder = resume or out or default_folder(program.source.name)
    chosen = [] if resume or out else ["--out", str(folder)]
    return launch([*sys.argv[1:], *chosen], nproc, folder)
