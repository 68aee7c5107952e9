"""`netdsl runs`: the runs that were made, and how they compare."""

from __future__ import annotations

import json
from pathlib import Path

import click

from netdsl.cli.run_source import FOLDER, Failed
from netdsl.runs.listing import Listed, differences, find_runs, read_run
from netdsl.training.reporting.numbers import duration, number

HEADINGS = ("run", "epochs", "best", "test loss", "time", "status")


@click.command
@click.argument("folder", type=FOLDER, default=Path("runs"))
@click.option("--compare", type=FOLDER, nargs=2, metavar="A B", help="Show what two runs do not have in common.")
@click.option("--out", type=FOLDER, metavar="PNG", help="Where `--compare` draws the curves; compare.png by default.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(folder: Path, compare: tuple[Path, Path] | None, out: Path | None, as_json: bool) -> None:
    """List runs, the best first, or compare two of them.

    FOLDER is searched for runs; it is `runs` unless given.
    """
    if compare:
        _compare(_read(compare[0]), _read(compare[1]), out or Path("compare.png"))
        return
    runs, damaged = find_runs(folder)
    for path in damaged:
        click.echo(f"warning: `{path}` is left out, since its `run.json` is damaged", err=True)
    if not runs:
        raise Failed(f"there is no run in `{folder}`", "`netdsl run FILE` makes one")
    if as_json:
        click.echo(json.dumps([{"path": str(run.path), **run.about} for run in runs]))
        return
    for line in _table([HEADINGS, *map(_row, runs)]):
        click.echo(line)


def _row(run: Listed) -> tuple[str, ...]:
    best = run.best
    value = "-" if run.value is None else f"{run.criterion} {number(run.criterion, run.value)}"
    epochs = run.about.get("result", {}).get("last", {}).get("epoch", 0)
    seconds = duration(run.about.get("seconds", 0.0))
    return (
        str(run.path),
        str(epochs),
        value,
        number("loss", best.get("test/loss")),
        seconds,
        run.about.get("status", "-"),
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for path, *cells in rows:
        others = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  ".join((path.ljust(widths[0]), *others)))
    return lines


def _read(path: Path) -> Listed:
    try:
        return read_run(path)
    except (OSError, ValueError) as error:
        raise Failed(f"`{path}` is no run", "give a folder that `netdsl run` made") from error


def _compare(one: Listed, other: Listed, picture: Path) -> None:
    from netdsl.training.reporting.plots import curves_png

    for line in _table([HEADINGS, _row(one), _row(other)]):
        click.echo(line)
    for line in differences(one, other) or ["the runs were made with the same settings"]:
        click.echo(line)
    name = f"test/{one.criterion}"
    try:
        picture.write_bytes(curves_png({str(run.path): run.curve(name) for run in (one, other)}, name))
    except OSError as error:
        raise Failed(f"cannot write `{picture}`: {(error.strerror or str(error)).lower()}") from error
    click.echo(f"curves: {picture}")
