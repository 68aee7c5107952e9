"""`netdsl predict`: the predictions of a trained net for samples."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import PATH, device_option, weights_option
from netdsl.cli.shared.output import write_output
from netdsl.cli.shared.run_source import read_run_source
from netdsl.core.text import text

if TYPE_CHECKING:
    from netdsl.runs.weights import WhichEpoch
    from netdsl.training import Saved

SECTION = "Training"
TABLES = "netdsl.data.given.tables:read_table_rows"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


# A number below 0 looks like an option to click.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("run", type=PATH)
@click.argument("files", metavar="SAMPLES...", type=PATH, nargs=-1, required=True)
@device_option
@click.option(
    "--top", type=click.IntRange(min=1), default=3, metavar="K", help="Classes for each sample; 3 by default."
)
@weights_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE.csv", help="Write a table of the predictions to a file."
)
@click.option("--id", "id_column", metavar="COLUMN", help="Begin each row of that table with this column of SAMPLES.")
@click.pass_context
def command(
    context: click.Context,
    run: Path,
    files: tuple[Path, ...],
    device: str,
    top: int,
    epoch: WhichEpoch,
    as_json: bool,
    output: str | None,
    id_column: str | None,
) -> None:
    """Predict the classes of samples, the most likely first, or their numbers.

    RUN is the folder that `netdsl run` made, or one of its checkpoints. A folder predicts with its best epoch. SAMPLES
    are of the same kind as the net's data set: images or folders of images, tables with a header, or numpy files.
    They may also be the numbers of one sample. They are treated like the test set: with the same transforms, and
    images in the size that the net takes.

    `-o submission.csv --id Id` writes a table with the column `Id` of SAMPLES and the target.
    """
    numbers = _numbers(files, context)
    experiment = read_run_source(run, Settings()).experiment
    takes_images = len(experiment.network.input) == 3
    is_table = experiment.data is not None and experiment.data.component.reader == TABLES
    if id_column is not None and (numbers or not is_table or output is None):
        raise click.UsageError("`--id` names a column of a table, for the file that `-o` writes")
    # Before torch is imported, because a wrong path should not wait for it.
    paths = [] if numbers else list(_images(files)) if takes_images else list(files)
    if not paths and not numbers:
        places = ", ".join(f"`{place}`" for place in files)
        raise click.UsageError(text("there is no image in {places}", places=places))
    with importing_torch():
        from netdsl.training import open_run

    saved = open_run(experiment, run, device, epoch)
    ids = [cell for path in paths for cell in _read_ids(saved, path, id_column)] if id_column else []
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        if numbers:
            samples = [Predicted(Path(" ".join(numbers)), None, _predict_numbers(saved, numbers, is_table), "numbers")]
        else:
            samples = _predict_images(saved, paths) if takes_images else _predict_rows(saved, paths)
    for note in notes:
        click.echo(text("warning: {message}", message=str(note.message)), err=True)
    if output is not None:
        write_output(_table(saved, samples, id_column, ids), output)
        return
    if as_json:
        click.echo(json.dumps([one.record(saved.classes, top) for one in samples]))
        return
    for one in samples:
        click.echo(one.line(saved.classes, top))


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


def _table(saved: Saved, samples: Sequence[Predicted], id_column: str | None, ids: Sequence[str]) -> bytes:
    """The predictions as a table: the sample, and its class or its numbers."""
    import csv
    import io

    several = len({sample.path for sample in samples}) > 1
    file, row = several or any(sample.row is None for sample in samples), any(sample.row for sample in samples)
    # With `--id` the table is a submission: only the ids and the predictions are wanted.
    places = [id_column] if id_column else [*(["file"] if file else []), *(["row"] if row else [])]
    lines = []
    for index, sample in enumerate(samples):
        place = [ids[index]] if id_column else [*([sample.path] if file else []), *([sample.row] if row else [])]
        lines.append([*place, *sample.cells(saved.classes)])
    width = max((len(line) for line in lines), default=len(places) + 1) - len(places)
    targets = list(saved.targets)
    if len(targets) != width:
        targets = ["prediction"] if width == 1 else [f"prediction_{number}" for number in range(1, width + 1)]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([[*places, *targets], *lines])
    return written.getvalue().encode()


class Predicted(NamedTuple):
    """A sample and its prediction; `row` is its number in its file, from 1."""

    path: Path
    row: int | None
    found: Any
    kind: Literal["image", "file", "numbers"] = "file"

    def record(self, names: tuple[str, ...], top: int) -> dict[str, Any]:
        """The object that `--json` prints."""
        where: dict[str, Any] = {self.kind: str(self.path)}
        if self.row is not None:
            where["row"] = self.row
        if not names:
            return {**where, "value": self.found}
        best = self.found.top(top)
        return {
            **where,
            "classes": [{"name": names[index], "class": index, "probability": share} for index, share in best],
        }

    def cells(self, names: tuple[str, ...]) -> list[object]:
        """The cells of its row in a table."""
        if names:
            return [self.found.label]
        return list(_flat(self.found))

    def line(self, names: tuple[str, ...], top: int) -> str:
        """Its line in the terminal."""
        place = str(self.path) if self.row is None else f"{self.path}:{self.row}"
        if not names:
            values = self.found if isinstance(self.found, list) else [self.found]
            return "  ".join([place, *(f"{value:.6g}" if isinstance(value, float) else str(value) for value in values)])
        return "  ".join([place, *(f"{names[index]} {100 * share:.1f} %" for index, share in self.found.top(top))])


def _flat(value: Any) -> Iterator[float]:
    """The numbers of a prediction of any shape."""
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def _predict_images(saved: Saved, paths: Sequence[Path]) -> list[Predicted]:
    return [Predicted(path, None, found, "image") for path, found in zip(paths, saved.predict(paths), strict=True)]


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
            # Systems list a folder in different orders.
            yield from sorted(path for path in place.rglob("*") if path.suffix.lower() in IMAGES)
        else:
            yield place
