"""`netdsl shapes`: what every layer makes of its input."""

from __future__ import annotations

import sys

import click

from netdsl.cli.inputs import Program, colored, columns, takes_program
from netdsl.program import Experiment
from netdsl.render.shapes_json import shapes_json
from netdsl.render.table import shapes_table

BATCH = 64


@click.command
@takes_program
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="N",
    help="Samples in a batch, for the memory line. Left out, it is the file's own batch size, or 64.",
)
@click.option("--explain", is_flag=True, help="Put the arithmetic of every size below its layer.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Show N levels of nesting only.")
@click.option("--full", is_flag=True, help="Show every repetition of repeated layers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(program: Program, batch: int | None, explain: bool, depth: int | None, full: bool, as_json: bool) -> None:
    """Show every layer's output shape, parameters and multiply-adds.

    FILE is a .net file, or `-` for standard input. Nothing is downloaded or trained.
    """
    experiment = program.experiment
    click.echo(
        shapes_json(experiment.network, program.source.name)
        if as_json
        else shapes_table(
            experiment.network,
            program.source,
            batch=batch or _batch(experiment),
            explain=explain,
            full=full,
            depth=depth,
            color=colored(sys.stdout),
            columns=columns(sys.stdout),
        ),
        nl=False,
    )


def _batch(experiment: Experiment) -> int:
    return experiment.data.settings.batch if experiment.data else BATCH
