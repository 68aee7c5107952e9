"""`netdsl eval`: what a trained net is worth on its test set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.inputs import Settings, takes_settings
from netdsl.cli.run_source import FOLDER, Failed, device_option, failures, recorded

if TYPE_CHECKING:
    from netdsl.training import Saved

SHOWN = 3
"""Of the classes that are taken for each other, so many pairs are told."""


@click.command
@click.argument("run", type=FOLDER)
@takes_settings
@device_option
@click.option("--data", metavar="TEXT", help="Another `data` line to test on: `--data 'folder my/images'`.")
@click.option("--epoch", type=click.IntRange(min=1), metavar="N", help="The weights of epoch N, if they were kept.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run: Path, settings: Settings, device: str, data: str | None, epoch: int | None, as_json: bool) -> None:
    """Test a trained net: its loss, its metrics, and which classes it confuses.

    RUN is the folder that `netdsl run` made, or one of its checkpoints. With classes, the confusion matrix is drawn
    into the folder.
    """
    experiment = recorded(run, settings.overridden({"data": data})).experiment
    with failures():
        from netdsl.training import open_run

        saved = open_run(experiment, run, device, epoch)
        results = saved.evaluate()
    if as_json:
        click.echo(json.dumps(results))
        return
    _print(saved, results)


def _print(saved: Saved, results: dict[str, Any]) -> None:
    from netdsl.training.reporting.numbers import number

    scalars = {name: value for name, value in results.items() if isinstance(value, int | float)}
    longest = max(map(len, scalars))
    for name, value in scalars.items():
        click.echo(f"{name.ljust(longest)}  {number(name, value).rjust(9)}")
    if matrix := results.get("confusion"):
        for line in _confusions(matrix, saved.names()):
            click.echo(line)
        click.echo(f"confusion matrix: {_draw(saved, matrix)}")


def _confusions(matrix: list[list[int]], names: tuple[str, ...]) -> list[str]:
    wrong = [(count, row, column) for row, counts in enumerate(matrix) for column, count in enumerate(counts)]
    worst = sorted((each for each in wrong if each[1] != each[2] and each[0]), reverse=True)[:SHOWN]
    times = [f"{count} time{'s' * (count > 1)}" for count, _, _ in worst]
    pairs = zip(worst, times, strict=True)
    return [f"{names[row]} taken for {names[column]}: {often}" for (_, row, column), often in pairs]


def _draw(saved: Saved, matrix: list[list[int]]) -> Path:
    from netdsl.core.files import write_atomically
    from netdsl.training.reporting.plots import confusion_png

    path = saved.folder.path / "confusion.png"
    try:
        write_atomically(path, confusion_png(matrix, saved.names()))
    except OSError as error:
        raise Failed(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}") from error
    return path
