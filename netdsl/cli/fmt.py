"""`netdsl fmt`: files in their canonical form."""

from __future__ import annotations

import sys

import click

from netdsl.cli.inputs import colored, columns, read_sources, text_option
from netdsl.cli.rewriting import patch, save
from netdsl.core.source import Source
from netdsl.language.formatter import format_source
from netdsl.render.diagnostics import render_text


@click.command
@click.argument("files", nargs=-1, type=click.Path())
@text_option
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(files: tuple[str, ...], text: str | None, check: bool, diff: bool) -> None:
    """Put files into their canonical form.

    FILES are .net files; `-` is standard input, whose canonical form goes to standard output. Comments, numbers and the
    order of things stay as they are. A file with syntax errors is left alone. The exit status is 1 if there is one, or,
    with --check, if a file would change.
    """
    outcomes = [_format(source, check=check, diff=diff) for source in read_sources(files, text)]
    sys.exit(max(outcomes))


def _format(source: Source, *, check: bool, diff: bool) -> int:
    """Formats one source; the exit status it asks for."""
    text, diagnostics = format_source(source)
    if diagnostics:
        report = render_text(diagnostics, color=colored(sys.stderr), columns=columns(sys.stderr, piped=100))
        click.echo(report, err=True, nl=False)
        return 1
    changed = text != source.text
    if diff:
        click.echo(patch(source, text, color=colored(sys.stdout)), nl=False)
    elif check and changed:
        click.echo(source.name)
    elif not check:
        return save(source, text, done="formatted")
    return int(check and changed)
