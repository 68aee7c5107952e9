"""`netdsl data`: look at data before training on them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import ProgramText
from netdsl.cli.shared.options import takes_program
from netdsl.cli.shared.output import colored
from netdsl.core.errors import WrongPath
from netdsl.core.files import reason, write_atomically
from netdsl.core.text import text

if TYPE_CHECKING:
    from netdsl.data.survey import Survey
    from netdsl.program import DataUse

SECTION = "Training"


@click.command
@takes_program
@click.option("--grid", type=click.Path(path_type=Path), metavar="PNG", help="Draw the samples into PNG.")
@click.option("--no-grid", is_flag=True, help="Draw no samples.")
@click.option("--sample", type=click.IntRange(min=0), metavar="I", help="Show training sample I, counted from 0.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def command(program: ProgramText, grid: Path | None, no_grid: bool, sample: int | None, as_json: bool) -> None:
    """Describe the data of a file, and draw some samples.

    Prints the sizes and shapes, the classes and the number of samples in each, and the mean and deviation of the
    channels, or the range of each column of a table. Draws some samples into the file NAME-samples.png, or into the
    file of `--grid`: left as they are stored, right as the net receives them, with the class below. `--sample` shows
    one sample. The file needs no net: `netdsl data -e 'data digits'`.
    """
    if sample is not None and as_json:
        raise click.UsageError("`--json` describes the whole data set: leave out `--sample`")
    source = program.source
    from netdsl.checker.experiment.data_line import (
        find_data_line,
    )  # the parser, which `netdsl data --help` does not need

    use = find_data_line(source, program.settings.check)
    with importing_torch():  # a text with mistakes should not wait for it
        from netdsl.data.survey import survey

    # `<text>` and `<stdin>` have brackets, which some systems refuse in file names.
    name = Path(source.name).stem.strip("<>") or "data"
    if sample is not None:
        _show_sample(use, sample, None if no_grid else grid or Path(f"{name}-sample-{sample}.png"))
        return
    found = survey(use)
    picture = None
    if found.raw and not no_grid:
        from netdsl.data.sample_grid import grid_png

        picture = grid or Path(f"{name}-samples.png")
        _write(picture, grid_png(found.raw, found.transformed, found.labels, found.mask_classes))
    click.echo(_json(found, picture) if as_json else _report(found, picture), nl=False)


def _show_sample(use: DataUse, index: int, picture: Path | None) -> None:
    from netdsl.data.survey import pair_png, survey_sample
    from netdsl.data.survey_report import sample_text

    sample = survey_sample(use, index)
    click.echo(sample_text(sample), nl=False)
    if picture is not None and sample.raw.dim() == sample.x.dim() == 3:
        _write(picture, pair_png(sample))
        click.echo(
            "\n" + text("{picture} shows it: left as it is stored, right as the net receives it", picture=picture)
        )


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise WrongPath(text("`{path}` cannot be written: {reason}", path=path, reason=reason(error))) from error


def _report(found: Survey, picture: Path | None) -> str:
    from netdsl.data.survey_report import survey_text

    report = survey_text(found, color=colored(sys.stdout))
    if picture is None:
        return report
    shown = text(
        "{picture} shows {count} training images: left as they are stored, right as the net receives them",
        picture=picture,
        count=len(found.raw),
    )
    return f"{report}\n{shown}\n"


def _json(found: Survey, picture: Path | None) -> str:
    from netdsl.data.survey_report import class_names

    value = {
        "data": found.name,
        "sizes": found.facts.sizes,
        "shape": found.shape,
        "stored": found.stored,
        "served": found.served,
        "classes": [
            {"name": name, "train": train, "test": test}
            for name, (train, test) in zip(class_names(found), found.counts, strict=True)
        ],
        "targets": dict(zip(("min", "mean", "max"), found.targets, strict=True)) if found.targets else None,
        "mean": found.facts.mean,
        "std": found.facts.std,
        "columns": [
            {"name": column.name, "words": dict(column.words)}
            if column.words
            else {"name": column.name, **dict(zip(("min", "mean", "max"), column.numbers, strict=True))}
            for column in found.columns
        ],
        "tokens": found.facts.indices,
        "texts": found.texts,
        "inputs": [one._asdict() for one in found.inputs],
        "skipped": found.skipped,
        "grid": str(picture) if picture else None,
    }
    return json.dumps(value, indent=2) + "\n"
