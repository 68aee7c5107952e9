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
    help="One box for each statement, or the feature maps in perspective.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    metavar="N",
    help="Open N levels of blocks. By default, blocks are opened while the picture stays small.",
)
@click.option(
    "--theme", type=click.Choice(get_args(ThemeName)), default="light", show_default=True, help="The colours."
)
@click.option(
    "--direction",
    type=click.Choice(get_args(Direction)),
    help="The direction of the data flow. By default, the net decides.",
)
def command(
    program: ProgramText,
    output: str | None,
    style: Style,
    depth: int | None,
    theme: ThemeName,
    direction: Direction | None,
) -> int:
    """Draw a net.

    FILE is a .net file, or `-` for standard input. The suffix of the output file chooses the format: .svg, .png, .pdf,
    .html (a page that explains each statement), .mmd (Mermaid), .dot (graphviz) or .tikz (LaTeX). Without `-o`, SVG is
    written to standard output. PNG and PDF need `netdsl[draw]`. Mistakes in the net are drawn too, in red.
    """
    chosen = find_format(output) if output else "svg"
    experiment, diagnostics = program.settings.check(program.source)
    show_diagnostics(diagnostics)
    drawing = Drawing(program.source, experiment, diagnostics, style, depth, theme, direction)
    write_output(drawing.write(chosen), output)
    return 1 if errors(diagnostics) else 0
