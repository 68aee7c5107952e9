"""`netdsl predict`: what a trained net sees in images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.inputs import Settings
from netdsl.cli.run_source import FOLDER, device_option, failures, recorded

if TYPE_CHECKING:
    from torch import Tensor

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


@click.command
@click.argument("run", type=FOLDER)
@click.argument("images", type=FOLDER, nargs=-1, required=True)
@device_option
@click.option("--top", type=click.IntRange(min=1), default=3, metavar="K", help="Classes for each image; 3 by default.")
@click.option("--epoch", type=click.IntRange(min=1), metavar="N", help="The weights of epoch N, if they were kept.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(run: Path, images: tuple[Path, ...], device: str, top: int, epoch: int | None, as_json: bool) -> None:
    """Tell the classes of images, the likeliest first.

    RUN is the folder that `netdsl run` made, or one of its checkpoints. IMAGES are files, or folders of them; they go
    the way of the test set: the same transforms, and the size that the net takes.
    """
    experiment = recorded(run, Settings()).experiment
    paths = list(_files(images))
    if not paths:
        raise click.UsageError(f"there is no image in {', '.join(f'`{image}`' for image in images)}")
    with failures():
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
            yield from sorted(path for path in image.rglob("*") if path.suffix.lower() in IMAGES)
        else:
            yield image


def _likeliest(scores: Tensor, names: tuple[str, ...], top: int) -> list[dict[str, Any]]:
    values, classes = scores.topk(min(top, len(scores)))
    pairs = zip(values.tolist(), classes.tolist(), strict=True)
    return [{"name": names[index], "class": index, "probability": value} for value, index in pairs]
