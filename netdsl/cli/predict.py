"""`netdsl predict`: the predictions of a trained net for samples."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import PATH, device_option, weights_option
from netdsl.cli.shared.output import require_apart, write_output
from netdsl.cli.shared.predictions import (
    Answer,
    Of,
    Predicted,
    check_pictures_option,
    picture_paths,
    write_pictures,
    write_table,
)
from netdsl.cli.shared.run_source import read_run_source
from netdsl.core.text import text

if TYPE_CHECKING:
    from netdsl.program import Experiment
    from netdsl.runs.weights import WhichEpoch
    from netdsl.training import Saved

SECTION = "Training"
TABLES = "netdsl.data.given.tables:read_table_rows"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})

TEXTS = frozenset({".csv", ".json"})
TABLES_OF_TEXTS = frozenset({".csv", ".tsv"})
ARRAYS = frozenset({".npy", ".npz"})


# A number below 0 looks like an option to click.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("run", type=PATH)
@click.argument("given", metavar="SAMPLES...", nargs=-1, required=True)
@device_option
@click.option(
    "--top", type=click.IntRange(min=1), default=3, metavar="K", help="Classes for each sample; 3 by default."
)
@weights_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, or write it into the file of `-o`.")
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="Write a table, FILE.csv, or a mask, FILE.png or a folder.",
)
@click.option("--overlay", type=click.Path(), metavar="FILE.png", help="Draw a mask over its image, with a legend.")
@click.option("--id", "id_column", metavar="COLUMN", help="Begin each row of that table with this column of SAMPLES.")
@click.pass_context
def command(
    context: click.Context,
    run: Path,
    given: tuple[str, ...],
    device: str,
    top: int,
    epoch: WhichEpoch,
    as_json: bool,
    output: str | None,
    overlay: str | None,
    id_column: str | None,
) -> None:
    """Predict the classes of samples, the most likely first, or their numbers.

    RUN is the folder that `netdsl run` made, or one of its checkpoints. A folder predicts with its best epoch. SAMPLES
    are of the same kind as the net's data set: images or folders of images, tables with a header, or numpy files.
    They may also be the numbers of one sample. A net of texts takes texts, files and folders of texts, and tables.
    Samples are treated like the test set: with the same transforms, and images in the size that the net takes.

    `-o submission.csv --id Id` writes a table with the column `Id` of SAMPLES and the target.

    Where each pixel has a class, the share of the pixels of each class is printed. `-o mask.png` writes the classes of
    the pixels, `--overlay seen.png` draws them over the image. Of several images, both name a folder.

    Of a net with several outputs each is printed, by its name; `-o` and `--overlay` draw the mask of the last.
    """
    require_apart(output, given)
    files = tuple(map(Path, given))
    numbers = _numbers(files, context)
    experiment = read_run_source(run, Settings()).experiment
    takes_texts = experiment.data is not None and experiment.data.facts.padded and not experiment.data.inputs
    if takes_texts:
        numbers = []
    several = len(experiment.network.inputs) > 1
    takes_images = len(experiment.network.input) == 3 and not several
    is_table = experiment.data is not None and experiment.data.component.reader == TABLES
    if id_column is not None and (numbers or not is_table or output is None or as_json):
        raise click.UsageError("`--id` names a column of a table, for the file that `-o` writes")
    # Before torch is imported, because a wrong path should not wait for it.
    paths = [] if numbers else list(_images(files)) if takes_images else list(files)
    if not paths and not numbers:
        places = ", ".join(f"`{place}`" for place in files)
        raise click.UsageError(text("there is no image in {places}", places=places))
    kinds = _kinds(experiment)
    of = list(kinds.values())[-1]
    if overlay is not None and of != "mask":
        raise click.UsageError("`--overlay` is for nets that give each pixel of an image a class")
    draws_masks = of == "mask" and output is not None and Path(output).suffix.lower() not in TEXTS
    for option, place in (("-o", output if draws_masks else None), ("--overlay", overlay)):
        if place is not None:
            check_pictures_option(option, place, len(paths))
    with importing_torch():
        from netdsl.training import open_run

    saved = open_run(experiment, run, device, epoch)
    ids = [cell for path in paths for cell in _read_ids(saved, path, id_column)] if id_column else []
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        if takes_texts:
            samples = _predict_texts(saved, given, kinds)
        elif numbers:
            found = _answers(_predict_numbers(saved, numbers, is_table), kinds)
            samples = [Predicted(Path(" ".join(numbers)), None, found, "numbers")]
        else:
            samples = _predict_images(saved, paths, kinds) if takes_images else _predict_rows(saved, paths, kinds)
    if saved.weights.which is not None:
        click.echo(text("weights of {which}", which=saved.weights.which), err=True)
    for note in notes:
        click.echo(text("warning: {message}", message=str(note.message)), err=True)
    masks = picture_paths(samples, str(output), "-o") if draws_masks else []
    overlays = picture_paths(samples, overlay, "--overlay") if overlay is not None else []
    if masks:
        write_pictures(samples, masks, lambda found: found.mask_png())
        samples = [sample.with_mask(mask) for sample, mask in zip(samples, masks, strict=True)]
    if overlays:
        write_pictures(samples, overlays, lambda found: found.overlay_png())
    table = None if masks else output
    if as_json:
        write_output(json.dumps([one.record(top) for one in samples]).encode() + b"\n", table)
    elif table is not None:
        write_output(write_table(samples, saved.targets, id_column, ids), table)
    elif output is None:
        for one in samples:
            for line in one.lines(top):
                click.echo(line)


def _kinds(experiment: Experiment) -> dict[str, Of]:
    """What each output says of a sample: of the data's targets, if a loss compares it with them."""
    facts = experiment.data.facts if experiment.data else None
    if facts is None or facts.classes is None:
        return dict.fromkeys(experiment.outputs, "number")
    if facts.writes:  # with the last output alone
        return {"": "text"}
    kinds: tuple[Of, ...] = ("class", "steps", "mask")
    of_targets = kinds[len(facts.target)]
    return {name: "number" if loss is None else of_targets for name, loss in experiment.outputs.items()}


def _answers(found: Any, kinds: Mapping[str, Of]) -> dict[str, Answer]:
    """What is predicted of a sample, output by output."""
    each = found if len(kinds) > 1 else dict.fromkeys(kinds, found)
    return {name: Answer(each[name], of) for name, of in kinds.items()}


def _numbers(given: Sequence[Path], context: click.Context) -> list[str]:
    """The numbers of one sample, if numbers are given instead of files."""
    words = list(map(str, given))
    if all(NUMBER.fullmatch(word) for word in words) and not any(path.exists() for path in given):
        return words
    for word in words:
        if word.startswith("-") and len(word) > 1 and not NUMBER.fullmatch(word):
            from difflib import get_close_matches

            known = [option for parameter in context.command.params for option in parameter.opts]
            raise click.NoSuchOption(word, possibilities=get_close_matches(word, known), ctx=context)
    return []


def _predict_numbers(saved: Saved, numbers: Sequence[str], is_table: bool) -> Any:
    if is_table:  # a table's reader knows whether a cell is a number or a word
        return saved.predict(list(numbers))
    is_index = saved.facts.dtype == "index"
    return saved.predict([int(word) if is_index and word.lstrip("+-").isdigit() else float(word) for word in numbers])


def _read_ids(saved: Saved, path: Path, column: str) -> list[str]:
    from netdsl.data.given.tables import read_column

    return read_column(path, column, saved.stored)


def _predict_texts(saved: Saved, given: Sequence[str], kinds: Mapping[str, Of]) -> list[Predicted]:
    """The texts as they are written, and those of files, of folders and of the rows of tables."""
    samples = []
    for written in given:
        path = Path(written)
        if path.suffix.lower() in TABLES_OF_TEXTS:
            samples += _predict_rows(saved, [path], kinds)
        elif path.is_dir():
            samples += [
                Predicted(file, None, _answers(saved.predict(file), kinds)) for file in sorted(path.rglob("*.txt"))
            ]
        elif path.suffix.lower() == ".txt":
            samples.append(Predicted(path, None, _answers(saved.predict(path), kinds)))
        else:
            samples.append(Predicted(written, None, _answers(saved.predict(written), kinds), "text"))
    return samples


def _predict_images(saved: Saved, paths: Sequence[Path], kinds: Mapping[str, Of]) -> list[Predicted]:
    """The pictures, all at once, and the images of numpy files."""
    pictures = [path for path in paths if path.suffix.lower() not in ARRAYS]
    found = dict(zip(pictures, saved.predict(pictures), strict=True)) if pictures else {}
    samples = []
    for path in paths:
        if path in found:
            samples.append(Predicted(path, None, _answers(found[path], kinds), "image"))
        else:
            samples += _predict_rows(saved, [path], kinds)
    return samples


def _predict_rows(saved: Saved, paths: Sequence[Path], kinds: Mapping[str, Of]) -> list[Predicted]:
    """The samples of each file: a table has many, an array may be a single one."""
    return [
        Predicted(path, row, _answers(found, kinds))
        for path in paths
        for row, found in enumerate(saved.predict_each(path), 1)
    ]


def _images(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            # Systems list a folder in different orders.
            yield from sorted(path for path in place.rglob("*") if path.suffix.lower() in IMAGES)
        else:
            yield place
