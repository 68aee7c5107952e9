"""`netdsl fmt`: files in their canonical form."""

from __future__ import annotations

import sys
from functools import partial

import click

from netdsl.cli.shared.inputs import Settings, read_sources, show_diagnostics
from netdsl.cli.shared.options import text_option
from netdsl.cli.shared.output import colored
from netdsl.cli.shared.rewriting import patch, replace_text, rewrite_each
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.language.formatter import format_source

SECTION = "Nets"


@click.command
@click.argument("files", nargs=-1, type=click.Path())
@text_option
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(files: tuple[str, ...], written: str | None, check: bool, diff: bool) -> int:
    """Put files into their canonical form.

    FILES are .net files; `-` is standard input, whose canonical form goes to standard output. Comments, numbers and the
    order of statements stay as they are, and so does a statement with a mistake. A file with syntax errors is not
    changed. The exit status is 1 if a file has syntax errors; with --check, also if a file would change.
    """
    rewrite = partial(_format, settings=Settings(), check=check, diff=diff)
    return rewrite_each(read_sources(files, written), rewrite)


def _format(source: Source, *, settings: Settings, check: bool, diff: bool) -> int:
    """Formats one source. Returns the exit status."""
    formatted, diagnostics = format_source(source, settings.check(source)[1])
    if diagnostics:
        show_diagnostics(diagnostics)
        return 1
    changed = formatted != source.text
    if diff:
        click.echo(patch(source, formatted, color=colored(sys.stdout)), nl=False)
    elif check and changed:
        click.echo(source.name)
    elif not check and replace_text(source, formatted):
        click.echo(text("formatted {file}", file=source.name), err=True)
    return int(check and changed)
