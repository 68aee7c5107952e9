"""`netdsl predict`: the classes that a trained net gives to images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import PATH, device_option, epoch_option
from netdsl.cli.shared.run_source import read_run_source
from netdsl.core.text import text

if TYPE_CHECKING:
    from torch import Tensor

SECTION = "Training"
IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})

Prediction = TypedDict("Prediction", {"name": str, "class": int, "probability": float})
"""One class of an image, as `--json` prints it."""


@click.command
@click.argument("run", type=PATH)
@click.argument("images", type=PATH, nargs=-1, required=True)
@device_option
@click.option("--top", type=click.IntRange(min=1), default=3, metavar="K", help="Classes for each image; 3 by default.")
@epoch_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run: Path, images: tuple[Path, ...], device: str, top: int, epoch: int | None, as_json: bool) -> None:
    """Predict the classes of images, the likeliest first.

    RUN is the folder that `netdsl run` made, whose best epoch predicts, or one of its checkpoints. IMAGES are files, or
    folders of them. They are treated as the test set was: with the same transforms, and in the size that the net takes.
    """
    experiment = read_run_source(run, Settings()).experiment
    # Before torch is imported: a wrong path should not wait for it.
    paths = list(_files(images))
    if not paths:
        places = ", ".join(f"`{image}`" for image in images)
        raise click.UsageError(text("there is no image in {places}", places=places))
    with importing_torch():
        from netdsl.training import open_run

    saved = open_run(experiment, run, device, epoch)
    names = saved.names()
    found = [_likeliest(scores, names, top) for scores in saved.predict(paths)]
    if as_json:
        click.echo(json.dumps([{"image": str(path), "classes": best} for path, best in zip(paths, found, strict=True)]))
        return
    for path, best in zip(paths, found, strict=True):
        click.echo(f"{path}  " + "  ".join(f"{each['name']} {100 * each['probability']:.1f} %" for each in best))


def _files(images: Sequence[Path]) -> Iterator[Path]:
    for image in images:
        if image.is_dir():
            # The order of a folder differs between systems.
            yield from sorted(path for path in image.rglob("*") if path.suffix.lower() in IMAGES)
        else:
            yield image


def _likeliest(scores: Tensor, names: tuple[str, ...], top: int) -> list[Prediction]:
    values, classes = scores.topk(min(top, len(scores)))
    pairs = zip(values.tolist(), classes.tolist(), strict=True)
    return [{"name": names[index], "class": index, "probability": value} for value, index in pairs]
