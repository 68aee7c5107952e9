"""`netdsl draw`: a net as a picture."""

from __future__ import annotations

from typing import get_args

import click

from netdsl.cli.shared.inputs import ProgramText, show_diagnostics
from netdsl.cli.shared.options import output_option, takes_program
from netdsl.cli.shared.output import write_output
from netdsl.core.diagnostics import errors
from netdsl.drawing.drawing import Drawing, Style, ThemeName, find_format
from netdsl.drawing.laid import Direction

SECTION = "Nets"


@click.command
@takes_program
@output_option
@click.option(
    "--style",
    type=click.Choice(get_args(Style)),
    default="blocks",
    show_default=True,
    help="A box a statement, or the feature maps in perspective.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    metavar="N",
    help="Open N levels of blocks. Without it they are opened as long as the picture stays small.",
)
@click.option(
    "--theme", type=click.Choice(get_args(ThemeName)), default="light", show_default=True, help="The colours."
)
@click.option("--direction", type=click.Choice(get_args(Direction)), help="Where the data flow; else the net decides.")
def command(
    program: ProgramText,
    output: str | None,
    style: Style,
    depth: int | None,
    theme: ThemeName,
    direction: Direction | None,
) -> int:
    """Draw a net.

    FILE is a .net file, or `-` for standard input. The format is what the name of the output ends in: .svg, .png, .pdf,
    .html (a page that explains each statement), .mmd (Mermaid), .dot (graphviz) or .tikz (LaTeX); standard output is
    SVG. PNG and PDF need `netdsl[draw]`. What is wrong with the net is drawn too.
    """
    chosen = find_format(output) if output else "svg"
    experiment, diagnostics = program.settings.check(program.source)
    show_diagnostics(diagnostics)
    drawing = Drawing(program.source, experiment, diagnostics, style, depth, theme, direction)
    write_output(drawing.write(chosen), output)
    return 1 if errors(diagnostics) else 0
