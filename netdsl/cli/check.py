"""`netdsl check`: what is wrong in a file, and how to put it right."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from netdsl.cli.inputs import Settings, colored, columns, read_sources, takes_settings, text_option
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.render.diagnostics import render_concise, render_json, render_text


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
    help="How to print what was found.",
)
@click.option("--explain", metavar="CODE", help="Explain a code such as NET201; `all` lists them.")
def command(files: tuple[str, ...], text: str | None, settings: Settings, form: str, explain: str | None) -> None:
    """Say what is wrong in files, and how to put it right.

    FILES are .net files; `-` is standard input. The exit status is 1 if there is an error, 0 if there are none
    or only warnings.
    """
    if explain is not None:
        click.echo(_explain(explain), nl=False)
        return
    diagnostics: list[Diagnostic] = []
    sources = read_sources(files, text)
    for source in sources:
        diagnostics += settings.check(source)[1]
    click.echo(_report(diagnostics, form, len(sources)), nl=False)
    if errors(diagnostics):
        sys.exit(1)


def _report(diagnostics: Sequence[Diagnostic], form: str, files: int) -> str:
    color = colored(sys.stdout)
    if form == "json":
        return render_json(diagnostics)
    if form == "concise":
        return render_concise(diagnostics, color=color)
    if not diagnostics:
        return f"no mistakes in {files} {'file' if files == 1 else 'files'}\n"
    return render_text(diagnostics, color=color, columns=columns(sys.stdout, piped=100))


def _explain(code: str) -> str:
    from netdsl.codes import all_codes
    from netdsl.render.code_pages import code_list, code_page

    color, known = colored(sys.stdout), all_codes()
    if code == "all":
        return code_list(known.values(), color=color)
    found = known.get(code.upper())
    if found is None:
        raise click.UsageError(f"no such code: `{code}`; `netdsl check --explain all` lists them")
    return code_page(found, color=color)
