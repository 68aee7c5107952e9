"""`netdsl look`: what flows through a net."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import ProgramText, Settings, read_one
from netdsl.cli.shared.options import PATH, ChosenEpoch, takes_settings, text_option
from netdsl.cli.shared.output import colored, columns, write_output
from netdsl.cli.shared.run_source import read_run_source
from netdsl.core.text import text

if TYPE_CHECKING:
    from netdsl.inside.flow import SampleFlow
    from netdsl.program import Network
    from netdsl.runs.weights import WhichEpoch

SECTION = "Training"
FORMATS = (".html", ".png")


@click.command
@click.argument("place", metavar="[RUN]", required=False)
@click.argument("file", type=PATH, required=False)
@text_option
@click.option(
    "--input",
    "given",
    multiple=True,
    metavar="[NAME=]FILE",
    help="The net's input: numbers or an image. Once for each input of a net that names several.",
)
@click.option(
    "--sample", type=click.IntRange(min=0), metavar="I", help="Sample I of the test set; 0 by default, for a run."
)
@click.option("--layer", metavar="NAME", help="Show one layer: its path, or the first word of its statement.")
@click.option(
    "--weights",
    multiple=True,
    metavar="[NAME=]FILE",
    help="Weights for an untrained net: a kernel as numbers, or a file of weights.",
)
@click.option(
    "--epoch",
    type=ChosenEpoch(),
    metavar="best|last|N",
    help="The epoch of a run whose weights are used; best by default.",
)
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Draw into FILE, .html or .png.")
@takes_settings
def command(
    place: str | None,
    file: Path | None,
    written: str | None,
    given: tuple[str, ...],
    sample: int | None,
    layer: str | None,
    weights: tuple[str, ...],
    epoch: WhichEpoch | None,
    output: str | None,
    settings: Settings,
) -> None:
    """Show what flows through a net.

    RUN is the folder of a run, or one of its checkpoints. FILE, or sample I of the test set, goes through the net.
    RUN may also be a .net file, or `-e` gives its text. The net's input is then FILE or `--input`: an image, a .npy
    file, or numbers in a .txt or .csv file (one line per row, an empty line between channels). The weights of such a
    net are random, unless `--weights` gives them.

    Prints a line for each statement: the shape of its output, the smallest, mean and largest number in it, and the
    share of units that are 0 everywhere. Small tensors are printed whole. Feature maps, the first kernels, attention
    and saliency are drawn into NAME-look.html, or into the file of `-o`.
    """
    # Before torch is imported, because a wrong name should not wait for it.
    if output and Path(output).suffix.lower() not in FORMATS:
        raise click.UsageError(text("`{output}` is neither `.html` nor `.png`", output=output))
    if len([one for one in (file, given or None, sample) if one is not None]) > 1:
        raise click.UsageError("give one sample: FILE, `--input FILE` or `--sample I`")
    is_run = place is not None and written is None and (Path(place).is_dir() or not place.endswith((".net", "-")))
    if is_run and weights:
        raise click.UsageError("a run has its own weights: leave out `--weights`")
    if not is_run and epoch:
        raise click.UsageError("`--epoch` is for runs: an untrained net has no epochs")
    name = Path(place).name if place and place != "-" else "net"
    if is_run:
        if len(given) > 1:
            raise click.UsageError("give one sample: FILE, `--input FILE` or `--sample I`")
        flow = _look_at_run(Path(str(place)), settings, Path(given[0]) if given else file, sample or 0, epoch)
    else:
        flow = _look_at_text(ProgramText(read_one(place, written), settings), given or file, sample, weights)
    _show(flow, layer, output, Path(name).stem if name.endswith(".net") else name)


def _look_at_run(run: Path, settings: Settings, file: Path | None, sample: int, epoch: WhichEpoch | None) -> SampleFlow:
    experiment = read_run_source(run, settings).experiment
    with importing_torch():
        from netdsl.inside.looking import look_at_run
        from netdsl.runs.inference import open_run

    saved = open_run(experiment, run, "cpu", epoch or "best")
    return look_at_run(saved, file if file is not None else sample)


def _look_at_text(
    program: ProgramText, given: tuple[str, ...] | Path | None, sample: int | None, weights: tuple[str, ...]
) -> SampleFlow:
    experiment = program.experiment
    if given is None and experiment.data is None:
        names = [one.name for one in experiment.network.inputs]
        wanted = " ".join(f"--input {name}=FILE" for name in names) or "--input FILE"
        raise click.UsageError(text("give the net's input: `{options}`", options=wanted))
    chosen = _by_name(given, experiment.network) if isinstance(given, tuple) else given
    with importing_torch():
        from netdsl.inside.looking import look_at_text

    return look_at_text(experiment, chosen if chosen is not None else sample or 0, weights)


def _by_name(given: tuple[str, ...], network: Network) -> Path | dict[str, Path]:
    """The file of each input; a path may have a `=` too, so that only a net that names its inputs has names here."""
    if not network.inputs:
        if len(given) > 1:
            raise click.UsageError("the net has one input: give `--input` once")
        return Path(given[0])
    parts = [one.partition("=") for one in given]
    if len(network.inputs) == 1 and len(given) == 1 and parts[0][0] != network.inputs[0].name:
        return Path(given[0])
    if unnamed := [one for one, (_, equals, _) in zip(given, parts, strict=True) if not equals]:
        raise click.UsageError(text("say which input receives `{path}`: `--input NAME={path}`", path=unnamed[0]))
    return {name: Path(path) for name, _, path in parts}


def _show(flow: SampleFlow, layer: str | None, output: str | None, name: str) -> None:
    from netdsl.inside.look import Look, find_format

    look = Look.at(flow, layer)
    click.echo(look.table(color=colored(sys.stdout), columns=columns(sys.stdout)), nl=False)
    if output is None and look.is_small:
        return
    path = output or f"{name}-look.html"
    write_output(look.write(find_format(path)), path)
    click.echo("\n" + text("{path} shows it", path=path))
