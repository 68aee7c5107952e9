"""`netdsl export`: a net for another tool, first of all as the PyTorch that one would have written by hand."""

from __future__ import annotations

import click

from netdsl.cli.shared.inputs import ProgramText
from netdsl.cli.shared.options import output_option, takes_program
from netdsl.cli.shared.output import write_output
from netdsl.core.text import text
from netdsl.export import find_targets, load_exporter

SECTION = "Nets"


@click.command
@takes_program
@click.option(
    "--to",
    "target",
    type=click.Choice(find_targets()),
    default="python",
    show_default=True,
    help="The tool to write for.",
)
@output_option
def command(program: ProgramText, target: str, output: str | None) -> None:
    """Write a net as plain PyTorch, which does not need netdsl.

    FILE is a .net file, or `-` for standard input. The output is a Python module with the class `Net`. Its weights fit
    the net that netdsl builds, and the other way round.
    """
    export = load_exporter(target)
    # The path in the title may hold bytes that are not UTF-8.
    write_output(export(program.experiment.network, _title(program)).encode(errors="backslashreplace"), output)


def _title(program: ProgramText) -> str:
    """Where the net comes from, for the first line of the exported file: `examples/resnet.net, variant resnet50`."""
    settings = program.settings
    variant = [text("variant {variant}", variant=settings.variant)] if settings.variant else []
    overrides = [f"{name}={value}" for name, value in settings.overrides.items()]
    return ", ".join([program.source.name, *variant, *overrides])
