"""`netdsl eval`: the loss and the metrics of a trained net on its test set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import PATH, device_option, takes_settings, weights_option
from netdsl.cli.shared.run_source import read_run_source
from netdsl.core.errors import FileError
from netdsl.core.files import reason, write_atomically
from netdsl.core.text import text
from netdsl.render.cells import left, right, width

if TYPE_CHECKING:
    from netdsl.runs.weights import WhichEpoch
    from netdsl.training import Saved

SECTION = "Training"
SHOWN = 3
"""At most so many pairs of confused classes are printed."""


@click.command
@click.argument("run", type=PATH)
@takes_settings
@device_option
@click.option("--data", metavar="TEXT", help="Another `data` line to test on: `--data 'folder my/images'`.")
@weights_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run: Path, settings: Settings, device: str, data: str | None, epoch: WhichEpoch, as_json: bool) -> None:
    """Test a trained net: its loss, its metrics, and the classes that it confuses.

    RUN is the folder that `netdsl run` made, or one of its checkpoints. For a folder, the best epoch is tested. If the
    targets are classes, the confusion matrix is drawn into the folder.
    """
    experiment = read_run_source(run, settings.override({"data": data}), reads_data=True).experiment
    with importing_torch():
        from netdsl.training import open_run

    saved = open_run(experiment, run, device, epoch)
    results = saved.evaluate()
    if as_json:
        click.echo(json.dumps({**results, "weights": str(saved.weights.path)}))
    else:
        _print(saved, results)


def _print(saved: Saved, results: dict[str, Any]) -> None:
    from netdsl.training.reporting.numbers import number

    click.echo(text("weights of {which}", which=saved.weights.which))
    # The confusion matrix is not a number; it is printed below.
    scalars = {name: value for name, value in results.items() if isinstance(value, int | float)}
    longest = max(map(width, scalars))
    for name, value in scalars.items():
        click.echo(f"{left(name, longest)}  {right(number(name, value), 9)}")
    if matrix := results.get("confusion"):
        for line in _confusions(matrix, saved.classes):
            click.echo(line)
        click.echo(text("confusion matrix: {path}", path=_draw(saved, matrix)))


def _confusions(matrix: list[list[int]], names: tuple[str, ...]) -> list[str]:
    """The pairs of classes that are confused most often."""
    from netdsl.reports.matrix import describe_confusion, find_confused

    worst = find_confused(matrix, SHOWN)
    return [describe_confusion(count, names[true], names[predicted]) for count, true, predicted in worst]


def _draw(saved: Saved, matrix: list[list[int]]) -> Path:
    from netdsl.training.reporting.plots import confusion_png

    path = saved.folder.path / "confusion.png"
    try:
        write_atomically(path, confusion_png(matrix, saved.classes))
    except OSError as error:
        raise FileError(text("cannot write `{path}`: {reason}", path=path, reason=reason(error))) from error
    return path
