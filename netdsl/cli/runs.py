"""`netdsl runs`: the runs in a folder, and the differences between two of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from netdsl.cli.shared.errors import warn
from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import PATH
from netdsl.cli.shared.run_source import read_run_source
from netdsl.core.errors import FileError, TrainingError
from netdsl.core.files import reason
from netdsl.core.text import text
from netdsl.core.translation import translate
from netdsl.render.cells import left, right, width
from netdsl.runs.listing import Listed, differences, find_runs, read_run
from netdsl.runs.source import not_a_run
from netdsl.training.reporting.numbers import duration, number

SECTION = "Training"
HEADINGS = ("run", "epochs", "best", "test loss", "time", "status")


@click.command
@click.argument("folder", type=PATH, default=Path("runs"))
@click.option("--compare", type=PATH, nargs=2, metavar="A B", help="Show the differences between two runs.")
@click.option(
    "--out", type=PATH, metavar="PNG", help="The file into which `--compare` draws the curves; compare.png by default."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(folder: Path, compare: tuple[Path, Path] | None, out: Path | None, as_json: bool) -> None:
    """List the runs of a folder, the best first, or compare two runs.

    FOLDER is searched for runs; the default is `runs`.
    """
    if compare:
        _compare(_read(compare[0]), _read(compare[1]), out or Path("compare.png"))
        return
    runs, damaged = find_runs(folder)
    for path in damaged:
        warn(text("`{path}` is left out, because its `run.json` is damaged", path=path))
    if not runs:
        raise TrainingError(text("there is no run in `{folder}`", folder=folder), "`netdsl run FILE` makes one")
    if as_json:
        click.echo(json.dumps([{"path": str(run.path), **run.about} for run in runs]))
        return
    for line in _aligned([tuple(map(translate, HEADINGS)), *map(_cells, runs)]):
        click.echo(line)


def _cells(run: Listed) -> tuple[str, ...]:
    best = run.best
    value = "-" if run.value is None else f"{run.criterion} {number(run.criterion, run.value)}"
    # A run that has not finished an epoch has no result yet.
    epochs = run.about.get("result", {}).get("last", {}).get("epoch", 0)
    seconds = duration(run.about.get("seconds", 0.0))
    return (
        str(run.path),
        str(epochs),
        value,
        number("loss", best.get("test/loss")),
        seconds,
        translate(run.about.get("status", "-")),
    )


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for path, *cells in rows:
        lines.append("  ".join((left(path, widths[0]), *map(right, cells, widths[1:]))))
    return lines


def _read(path: Path) -> Listed:
    try:
        return read_run(path)
    except (OSError, ValueError) as error:
        raise not_a_run(path) from error


def _defaults(run: Listed) -> Mapping[str, str]:
    """The settings of a run that its text or the defaults give; empty if its text cannot be read."""
    from netdsl.cli.shared.effective_settings import effective_settings

    try:
        return effective_settings(read_run_source(run.path, Settings()))
    except TrainingError:
        return {}


def _compare(one: Listed, other: Listed, picture: Path) -> None:
    from netdsl.training.reporting.plots import curves_png

    for line in _aligned([tuple(map(translate, HEADINGS)), _cells(one), _cells(other)]):
        click.echo(line)
    for line in differences(one, other, (_defaults(one), _defaults(other))) or [
        text("the two runs have the same settings")
    ]:
        click.echo(line)
    name = f"test/{one.criterion}"
    try:
        picture.write_bytes(curves_png({str(run.path): run.curve(name) for run in (one, other)}, name))
    except OSError as error:
        raise FileError(text("cannot write `{path}`: {reason}", path=picture, reason=reason(error))) from error
    click.echo(text("curves: {path}", path=picture))
