"""`netdsl export`: a net as the PyTorch that one would have written by hand."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.cli.inputs import Program, takes_program
from netdsl.core.errors import ExportError
from netdsl.export.python import export


@click.command
@takes_program
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write to FILE instead of standard output.")
def command(program: Program, output: str | None) -> None:
    """Write a net as plain PyTorch, which needs netdsl no more.

    FILE is a .net file, or `-` for standard input. What comes out is a Python module with the class `Net`, whose
    weights may be loaded into the net that netdsl builds, and the other way round.
    """
    try:
        text = export(program.experiment.network, _title(program))
    except ExportError as error:
        raise click.ClickException(str(error)) from error
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise click.UsageError(f"`{output}` cannot be written: {(error.strerror or str(error)).lower()}") from error


def _title(program: Program) -> str:
    """What the file is of: `examples/resnet.net, variant resnet50, as plain PyTorch`."""
    settings = program.settings
    variant = f", variant {settings.variant}" if settings.variant else ""
    overrides = "".join(f", {name}={value}" for name, value in settings.overrides.items())
    return f"{program.source.name}{variant}{overrides}, as plain PyTorch."
