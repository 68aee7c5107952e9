"""`netdsl count`: how many layers a net has."""

from __future__ import annotations

import click

from netdsl.cli.shared.inputs import ProgramText
from netdsl.cli.shared.options import takes_program
from netdsl.core.text import text

SECTION = "Nets"


@click.command
@takes_program
def command(program: ProgramText) -> None:
    """Count the layers of a net.

    FILE is a .net file, or `-` for standard input.
    """
    nodes = [node for node in program.experiment.network.walk() if not node.children]
    click.echo(text("{count} layers", count=len(nodes)))
