"""`netdsl fix`: the fixes that `netdsl check` proposes, applied."""

from __future__ import annotations

import sys

import click

from netdsl.cli.inputs import Settings, colored, columns, read_sources, takes_settings, text_option
from netdsl.cli.rewriting import patch, save
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.fixes import fix
from netdsl.core.source import Source
from netdsl.render.diagnostics import render_text


@click.command
@click.argument("files", nargs=-1, type=click.Path())
@text_option
@takes_settings
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(files: tuple[str, ...], text: str | None, settings: Settings, diff: bool) -> None:
    """Apply the fixes that `netdsl check` proposes.

    FILES are .net files; `-` is standard input, which goes to standard output with its fixes. Each file is checked
    again after its fixes, and a fix that would make things worse is left out. What remains is printed; the exit status
    is 1 if there is an error among it.
    """
    outcomes = [_fix(source, settings, diff=diff) for source in read_sources(files, text)]
    sys.exit(max(outcomes))


def _fix(source: Source, settings: Settings, *, diff: bool) -> int:
    """Fixes one source; the exit status it asks for."""
    fixed = fix(source, lambda text: settings.check(text)[1])
    status = 0
    if diff:
        click.echo(patch(source, fixed.source.text, color=colored(sys.stdout)), nl=False)
    else:
        status = save(source, fixed.source.text, done=f"applied {_count(fixed.applied)} to")
    report = render_text(fixed.left, color=colored(sys.stderr), columns=columns(sys.stderr, piped=100))
    click.echo(report, err=True, nl=False)
    return max(status, int(bool(errors(fixed.left))))


def _count(applied: tuple[Diagnostic, ...]) -> str:
    return f"{len(applied)} {'fix' if len(applied) == 1 else 'fixes'}"
