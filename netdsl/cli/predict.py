"""`netdsl predict`: what a trained net says of samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import PATH, device_option, weights_option
from netdsl.cli.shared.run_source import read_run_source
from netdsl.core.text import text

if TYPE_CHECKING:
    from netdsl.runs.weights import WhichEpoch
    from netdsl.training import Saved

SECTION = "Training"
IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


@click.command
@click.argument("run", type=PATH)
@click.argument("files", type=PATH, nargs=-1, required=True)
@device_option
@click.option(
    "--top", type=click.IntRange(min=1), default=3, metavar="K", help="Classes for each sample; 3 by default."
)
@weights_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run: Path, files: tuple[Path, ...], device: str, top: int, epoch: WhichEpoch, as_json: bool) -> None:
    """Predict the classes of samples, the likeliest first, or their numbers.

    RUN is the folder that `netdsl run` made, whose best epoch predicts, or one of its checkpoints. FILES are images or
    folders of them, tables with a header, or numpy files, as the net's data set is. They are treated as the test set
    was: with the same transforms, and images in the size that the net takes.
    """
    experiment = read_run_source(run, Settings()).experiment
    takes_images = len(experiment.network.input) == 3
    # Before torch is imported: a wrong path should not wait for it.
    paths = list(_images(files)) if takes_images else list(files)
    if not paths:
        places = ", ".join(f"`{place}`" for place in files)
        raise click.UsageError(text("there is no image in {places}", places=places))
    with importing_torch():
        from netdsl.training import open_run

    saved = open_run(experiment, run, device, epoch)
    samples = _predict_images(saved, paths) if takes_images else _predict_rows(saved, paths)
    if as_json:
        click.echo(json.dumps([one.record(saved.classes, top) for one in samples]))
        return
    for one in samples:
        click.echo(one.line(saved.classes, top))


class Predicted(NamedTuple):
    """A sample with what is predicted of it; `row` counts those of a file from 1."""

    path: Path
    row: int | None
    found: Any

    def record(self, names: tuple[str, ...], top: int) -> dict[str, Any]:
        """What `--json` prints."""
        where = {"image": str(self.path)} if self.row is None else {"file": str(self.path), "row": self.row}
        if not names:
            return {**where, "value": self.found}
        best = self.found.top(top)
        return {
            **where,
            "classes": [{"name": names[index], "class": index, "probability": share} for index, share in best],
        }

    def line(self, names: tuple[str, ...], top: int) -> str:
        """What people read."""
        place = str(self.path) if self.row is None else f"{self.path}:{self.row}"
        if not names:
            values = self.found if isinstance(self.found, list) else [self.found]
            return "  ".join([place, *(f"{value:.6g}" if isinstance(value, float) else str(value) for value in values)])
        return "  ".join([place, *(f"{names[index]} {100 * share:.1f} %" for index, share in self.found.top(top))])


def _predict_images(saved: Saved, paths: Sequence[Path]) -> list[Predicted]:
    return [Predicted(path, None, found) for path, found in zip(paths, saved.predict(paths), strict=True)]


def _predict_rows(saved: Saved, paths: Sequence[Path]) -> list[Predicted]:
    """The samples of each file: a table has many, an array may be a single one."""
    samples = []
    for path in paths:
        found = saved.predict(path)
        rows = found if isinstance(found, list) else [found]
        samples += [Predicted(path, row, one) for row, one in enumerate(rows, 1)]
    return samples


def _images(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            # The order of a folder differs between systems.
            yield from sorted(path for path in place.rglob("*") if path.suffix.lower() in IMAGES)
        else:
            yield place
