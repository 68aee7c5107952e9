"""`netdsl report`: a page about a run, or about several."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.cli.shared.errors import warn
from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import PATH, plugins_option
from netdsl.cli.shared.output import write_output
from netdsl.cli.shared.run_source import read_run_source
from netdsl.core.diagnostics import errors
from netdsl.core.errors import NetError
from netdsl.core.text import text
from netdsl.reports.comparison import write_comparison
from netdsl.reports.record import NetSheet, RunRecord, make_sheet, read_record
from netdsl.reports.sections import write_report
from netdsl.runs.source import not_a_run

SECTION = "Training"
ONE, SEVERAL = "report.html", "comparison.html"


@click.command
@click.argument("runs", type=PATH, nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write to FILE; `-` is standard output.")
@plugins_option
def command(runs: tuple[Path, ...], output: str | None, no_plugins: bool, plugin_files: tuple[Path, ...]) -> None:
    """Write a page about a run: curves, mistakes, confusions, layers, settings.

    RUN is the folder that `netdsl run` made; its page is RUN/report.html, which the run itself writes too. Several runs
    are compared in comparison.html: curves in one chart, best values, settings that differ.
    """
    settings = Settings(plugins=not no_plugins, plugin_files=plugin_files)
    # A run that is named twice counts once.
    records = [_read(run, settings) for run in dict.fromkeys(runs)]
    for note in (note for record in records for note in record.notes):
        warn(note)
    if len(records) == 1:
        page, place = write_report(records[0]), str(records[0].listed.path / ONE)
    else:
        page, place = write_comparison(records), SEVERAL
    write_output(page.encode(), None if output == "-" else output or place)
    if output != "-":
        click.echo(text("report: {path}", path=output or place))


def _read(run: Path, settings: Settings) -> RunRecord:
    try:
        return read_record(run, _sheet(run, settings))
    except (OSError, ValueError) as error:
        raise not_a_run(run) from error


def _sheet(run: Path, settings: Settings) -> NetSheet | None:
    """The net of a run for the report, or None if its text can no longer be checked."""
    program = read_run_source(run, settings)
    try:
        experiment, _ = program.checked
    except NetError as error:
        found = errors(error.diagnostics)
        cause = found[0].message if found else str(error)
        warn(text("the report of `{path}` lacks the net, which has a mistake: {reason}", path=run, reason=cause))
        return None
    return make_sheet(experiment)
