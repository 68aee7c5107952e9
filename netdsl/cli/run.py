"""`netdsl run`: train the net of a file."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import ProgramText, Settings, read_one
from netdsl.cli.shared.options import PATH, data_option, device_option, takes_settings, text_option
from netdsl.cli.shared.run_source import read_run_source, run_source
from netdsl.core.text import text
from netdsl.training.distributed.launcher import already_failed, launch, launched

if TYPE_CHECKING:
    from netdsl.program import Experiment

SECTION = "Training"
INTERVAL = re.compile(r"([1-9]\d*)(s?)")


class Every(TypedDict, total=False):
    """The arguments of `Saving`: a number of steps or a number of seconds."""

    steps: int
    seconds: float


class Interval(click.ParamType[Every]):
    """A number of steps, `500`, or of seconds, `30s`."""

    name = "interval"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Every:
        """Reads an interval."""
        match = INTERVAL.fullmatch(value)
        if match is None:
            self.fail(
                text("`{interval}` is not an interval: write steps, as in 500, or seconds, as in 30s", interval=value),
                param,
                ctx,
            )
        return {"seconds": float(match[1])} if match[2] else {"steps": int(match[1])}


@click.command
@click.argument("file", type=click.Path(), required=False)
@text_option
@takes_settings
@device_option
@data_option
@click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Train for N epochs.")
@click.option("--out", type=PATH, metavar="DIR", help="The run's folder, instead of runs/<name>/<time>.")
@click.option(
    "--resume", type=PATH, metavar="RUN", help="Continue a run from its last checkpoint, or from the given one."
)
@click.option(
    "--init-from",
    type=PATH,
    metavar="RUN",
    help="Start with the weights of a run's best epoch, of a file, or of torchvision: torchvision:resnet18.",
)
@click.option(
    "--save-every",
    type=Interval(),
    default="30s",
    metavar="N",
    help="Save a checkpoint every N steps, or every N seconds as in 30s; 30s by default.",
)
@click.option("--nproc", type=click.IntRange(min=1), metavar="N", help="Train in N processes on this machine.")
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="N",
    help="Print the row of every Nth epoch. By default, the rows fill one screen.",
)
@click.option("--quiet", is_flag=True, help="Print only errors.")
def command(
    file: str | None,
    written: str | None,
    settings: Settings,
    device: str,
    data: str | None,
    epochs: int | None,
    out: Path | None,
    resume: Path | None,
    init_from: Path | None,
    save_every: Every,
    nproc: int | None,
    every: int | None,
    quiet: bool,
) -> int:
    """Train a net, test it after each epoch, and write its weights and curves into a folder.

    FILE is a .net file with a `data` line, or `-` for standard input. Ctrl-C finishes the step and saves. `--resume`
    continues from there, and ends with the same weights as a run without the stop.
    """
    settings = settings.override({"data": data, "train.epochs": epochs})
    if resume is not None and (file or written or out or init_from):
        raise click.UsageError("`--resume` continues a run as it is: leave out FILE, `--out` and `--init-from`")
    if resume is None:
        program = ProgramText(read_one(file, written), settings)
    else:
        program = read_run_source(resume, settings, resumes=True)
    experiment = program.experiment
    folds = _count_folds(experiment)
    if folds and (nproc is not None or "RANK" in os.environ):
        raise click.UsageError("several processes train one net: choose a fold with `--set data.fold=1`")
    # The launcher itself needs no torch.
    if nproc is not None and not launched():
        return _launch(nproc, program, out, resume)
    # Another process of the run has reported the mistake.
    if already_failed():
        return 0
    with importing_torch():  # a text with mistakes should not wait for it
        import torch._dynamo  # noqa: F401  # else the optimizer imports it, without the notice

        from netdsl.training import Saving, train
        from netdsl.training.machine.allocator import keep_freed_memory

    keep_freed_memory()  # only here: a process that calls `netdsl.train` is not ours to change

    def train_one(program: ProgramText, out: Path | None, resume: Path | None) -> None:
        train(
            program.experiment,
            device=device,
            out=out,
            resume=resume,
            init=None if resume else init_from,
            quiet=quiet,
            every=every,
            saving=Saving(**save_every),
            about={"source": run_source(program)},
            callbacks=program.settings.registry.callbacks,
        )

    if folds:
        _train_folds(program, folds, out, train_one, quiet=quiet)
    else:
        train_one(program, out, resume)
    return 0


def _count_folds(experiment: Experiment) -> int:
    """The number of folds, each of which trains a net; 0 if there are no folds."""
    settings = experiment.data.settings if experiment.data else None
    return settings.folds or 0 if settings and settings.fold is None else 0


def _train_folds(
    program: ProgramText,
    folds: int,
    out: Path | None,
    train_one: Callable[[ProgramText, Path | None, Path | None], None],
    *,
    quiet: bool,
) -> None:
    """Trains a net for each fold in its own folder. Folds that are trained already are left as they are."""
    from netdsl.runs.folder import default_folder
    from netdsl.runs.folds import fold_folder, is_finished, summarize_folds
    from netdsl.training.reporting.numbers import number

    folder = out or default_folder(program.source.name)
    for fold in range(1, folds + 1):
        run = fold_folder(folder, fold)
        one = ProgramText(program.source, program.settings.override({"data.fold": fold}))
        finished = is_finished(run, program.source.text, run_source(one))
        if not quiet:
            click.echo(text("fold {fold} of {folds}: {folder}", fold=fold, folds=folds, folder=run))
        if finished is None:
            train_one(one, run, None)
        elif not finished:
            train_one(one, None, run)
    found = summarize_folds(folder, folds)
    if not quiet:
        click.echo(text("{folds} folds after their last epochs: mean ± deviation", folds=folds))
        for value in found:
            each = "  ".join(number(value.name, one) for one in value.values)
            click.echo(
                text(
                    "{name}  {mean} ± {deviation}  ({each})",
                    name=value.name,
                    mean=number(value.name, value.mean),
                    deviation=number(value.name, value.deviation),
                    each=each,
                )
            )


def _launch(nproc: int, program: ProgramText, out: Path | None, resume: Path | None) -> int:
    """Runs the same command in several processes with one folder. Returns the exit status."""
    from netdsl.runs.folder import default_folder

    if program.source.name == "<stdin>":
        raise click.UsageError("`--nproc` starts several processes, but only one can read standard input: give FILE")
    if "RANK" in os.environ:
        raise click.UsageError("torchrun starts the processes here: leave out `--nproc`")
    folder = resume or out or default_folder(program.source.name)
    # Chosen here, because each process would choose a folder by its own clock.
    chosen = [] if resume or out else ["--out", str(folder)]
    return launch([*sys.argv[1:], *chosen], nproc, folder)
