"""`netdsl shapes`: the output shape, the parameters and the multiply-adds of every layer."""

from __future__ import annotations

import sys

import click

from netdsl.cli.shared.inputs import ProgramText, show_diagnostics
from netdsl.cli.shared.options import takes_program
from netdsl.cli.shared.output import colored, columns, write_pieces
from netdsl.core.text import ntext
from netdsl.program import Experiment
from netdsl.render.table import write_table

SECTION = "Nets"
BATCH = 64


@click.command
@takes_program
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="N",
    help="Samples in a batch, for the memory line. The default is the file's own batch size, or 64.",
)
@click.option("--explain", is_flag=True, help="Put the arithmetic of every size below its layer.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Show only N levels of nesting.")
@click.option("--full", is_flag=True, help="Show every repetition of repeated layers.")
@click.option("--warnings", is_flag=True, help="Show the warnings, not only their number.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    program: ProgramText, batch: int | None, explain: bool, depth: int | None, full: bool, warnings: bool, as_json: bool
) -> None:
    """Show every layer's output shape, parameters and multiply-adds.

    FILE is a .net file, or `-` for standard input. Nothing is downloaded or trained.
    """
    experiment, found = program.checked
    if warnings:
        show_diagnostics(found)
    elif found:
        counted = ntext(
            "{count} warning; `--warnings` shows it", "{count} warnings; `--warnings` shows them", count=len(found)
        )
        click.echo(counted, err=True)
    if as_json:
        from netdsl.render.shapes_json import write_shapes  # few ask for JSON

        write_pieces(write_shapes(experiment.network, program.source.name))
        return
    table = write_table(
        experiment.network,
        program.source,
        batch=batch or _batch(experiment),
        explain=explain,
        full=full,
        depth=depth,
        color=colored(sys.stdout),
        columns=columns(sys.stdout),
    )
    write_pieces(table)


def _batch(experiment: Experiment) -> int:
    return experiment.data.settings.batch if experiment.data else BATCH
