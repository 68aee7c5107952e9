"""`netdsl fix`: the fixes that `netdsl check` proposes, applied."""

from __future__ import annotations

import sys
from functools import partial

import click

from netdsl.cli.shared.inputs import Settings, read_sources, show_diagnostics
from netdsl.cli.shared.options import takes_settings, text_option
from netdsl.cli.shared.output import colored
from netdsl.cli.shared.rewriting import patch, replace_text, rewrite_each
from netdsl.core.diagnostics import errors
from netdsl.core.fixes import fix
from netdsl.core.source import Source
from netdsl.core.text import ntext

SECTION = "Nets"


@click.command
@click.argument("files", nargs=-1, type=click.Path())
@text_option
@takes_settings
@click.option("--unsafe", is_flag=True, help="Apply unsafe fixes too: guesses, and fixes that change the net.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(files: tuple[str, ...], written: str | None, settings: Settings, unsafe: bool, diff: bool) -> int:
    """Apply the fixes that `netdsl check` proposes.

    FILES are .net files; `-` is standard input, whose fixed text goes to standard output. Each file is checked again
    after its fixes, and a fix that would make things worse is left out. A fix is unsafe if it is a guess, or if it
    changes what the net computes, learns or saves. Unsafe fixes need `--unsafe`. The mistakes that remain are printed;
    the exit status is 1 if one of them is an error.
    """
    return rewrite_each(read_sources(files, written), partial(_fix, settings=settings, unsafe=unsafe, diff=diff))


def _fix(source: Source, *, settings: Settings, unsafe: bool, diff: bool) -> int:
    """Fixes one source. Returns the exit status."""
    fixed = fix(source, lambda new: settings.check(new)[1], unsafe=unsafe)
    try:
        if diff:
            click.echo(patch(source, fixed.source.text, color=colored(sys.stdout)), nl=False)
        elif replace_text(source, fixed.source.text):
            count = len(fixed.applied)
            done = ntext(
                "applied {count} fix to {file}", "applied {count} fixes to {file}", count=count, file=source.name
            )
            click.echo(done, err=True)
    finally:  # also if the file cannot be written: its mistakes remain
        show_diagnostics(fixed.left)
        if fixed.unsafe and not unsafe:
            left = ntext(
                "{count} unsafe fix left; `--unsafe` applies it too",
                "{count} unsafe fixes left; `--unsafe` applies them too",
                count=fixed.unsafe,
            )
            click.echo(left, err=True)
    return int(bool(errors(fixed.left)))
