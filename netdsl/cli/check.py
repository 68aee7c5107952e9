"""`netdsl check`: what is wrong in a file, and how to correct it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from netdsl.cli.shared.inputs import Settings, read_sources
from netdsl.cli.shared.options import takes_settings, text_option
from netdsl.cli.shared.output import colored, columns
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.text import ntext, text
from netdsl.render.diagnostics import render_concise, render_json, render_text

SECTION = "Nets"


@click.command
@click.argument("files", nargs=-1, type=click.Path())
@text_option
@takes_settings
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "concise", "json"]),
    default="text",
    show_default=True,
    help="How to print the mistakes.",
)
@click.option("--explain", metavar="CODE", help="Explain a code such as NET201, or 201; `all` lists the codes.")
def command(files: tuple[str, ...], written: str | None, settings: Settings, form: str, explain: str | None) -> int:
    """Find the mistakes in files, and say how to correct them.

    FILES are .net files; `-` is standard input. The exit status is 1 if there is an error, and 0 if there are no
    mistakes or only warnings.
    """
    if explain is not None:
        click.echo(_explain(explain), nl=False)
        return 0
    sources = read_sources(files, written)
    diagnostics = [diagnostic for source in sources for diagnostic in settings.check(source)[1]]
    click.echo(_report(diagnostics, form, len(sources)), nl=False)
    return int(bool(errors(diagnostics)))


def _report(diagnostics: Sequence[Diagnostic], form: str, files: int) -> str:
    color = colored(sys.stdout)
    if form == "json":
        return render_json(diagnostics)
    if form == "concise":
        return render_concise(diagnostics, color=color)
    if diagnostics:
        return render_text(diagnostics, color=color, columns=columns(sys.stdout, piped=100))
    return ntext("no mistakes in {count} file\n", "no mistakes in {count} files\n", count=files)


def _explain(code: str) -> str:
    from netdsl.codes import all_codes
    from netdsl.render.code_pages import code_list, code_page

    color, known = colored(sys.stdout), all_codes()
    if code == "all":
        return code_list(known.values(), color=color)
    found = known.get(code.upper()) or known.get(f"NET{code}")
    if found is None:
        raise click.UsageError(text("no such code: `{code}`; `netdsl check --explain all` lists them", code=code))
    return code_page(found, color=color)
