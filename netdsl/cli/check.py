"""`netdsl check`: the mistakes in a file, and how to correct them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import click

from netdsl.cli.shared.errors import show_error
from netdsl.cli.shared.inputs import Settings, read_sources
from netdsl.cli.shared.options import takes_settings, text_option
from netdsl.cli.shared.output import colored, columns
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.errors import NetdslError
from netdsl.core.source import Source
from netdsl.core.text import ntext, text
from netdsl.render.diagnostics import render_concise, render_json, render_text

SECTION = "Nets"
FORMATS = ("text", "concise", "json", "github", "sarif", "junit")


@click.command
@click.argument("files", nargs=-1, type=click.Path())
@text_option
@takes_settings
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to print the mistakes; the last three are for services that check every change.",
)
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C.")
@click.option("--explain", metavar="CODE", help="Explain a code such as NET201, or 201; `all` lists the codes.")
def command(
    files: tuple[str, ...], written: str | None, settings: Settings, form: str, watch: bool, explain: str | None
) -> int:
    """Find the mistakes in files, and say how to correct them.

    FILES are .net files; `-` is standard input. The exit status is 1 if there is an error, and 0 if there are no
    mistakes or only warnings.
    """
    if explain is not None:
        click.echo(_explain(explain), nl=False)
        return 0
    if watch:
        from netdsl.cli.shared.watching import watched  # few checks wait for a change

        if not files or "-" in files or written is not None:
            raise click.UsageError("`--watch` needs FILES: a text that is not in a file cannot change")
        for _ in watched(files, sys.stdout):
            try:
                _check(files, None, settings, form)
            except NetdslError as error:  # an editor may be about to write it anew
                show_error(error)
        return 0
    return _check(files, written, settings, form)


def _check(files: Sequence[str], written: str | None, settings: Settings, form: str) -> int:
    """Prints the mistakes; returns the exit status."""
    found = {source: settings.check(source)[1] for source in read_sources(files, written)}
    click.echo(_report(found, form), nl=False)
    return int(any(map(errors, found.values())))


def _report(found: Mapping[Source, Sequence[Diagnostic]], form: str) -> str:
    diagnostics = [diagnostic for some in found.values() for diagnostic in some]
    color = colored(sys.stdout)
    match form:
        case "json":
            return render_json(diagnostics)
        case "concise":
            return render_concise(diagnostics, color=color)
        case "text" if diagnostics:
            return render_text(diagnostics, color=color, columns=columns(sys.stdout, piped=100))
        case "text":
            return ntext("no mistakes in {count} file\n", "no mistakes in {count} files\n", count=len(found))
    from netdsl.render import annotations  # the page of each code and XML, which other formats do without

    match form:
        case "github":
            return annotations.render_github(diagnostics)
        case "sarif":
            return annotations.render_sarif(diagnostics)
    return annotations.render_junit(found)


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
