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

SECTION = "Training"


@click.command
@takes_program
@click.option("--grid", type=click.Path(path_type=Path), metavar="PNG", help="Draw the samples into PNG.")
@click.option("--no-grid", is_flag=True, help="Draw no samples.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def command(program: ProgramText, grid: Path | None, no_grid: bool, as_json: bool) -> None:
    """Describe the data of a file, and draw some samples.

    Prints the sizes and shapes, the classes and the number of samples in each, and the mean and deviation of the
    channels. Draws some samples into the PNG file NAME-samples.png, or into that of `--grid`: above as they are stored,
    below as the net receives them. The file needs no net: `netdsl data -e 'data digits'`.
    """
    source = program.source
    from netdsl.checker.experiment.data_line import (
        find_data_line,
    )  # the parser, which `netdsl data --help` does not need

    use = find_data_line(source, program.settings.check)
    with importing_torch():  # a text with mistakes should not wait for it
        from netdsl.data.survey import survey

    found = survey(use)
    picture = None
    if found.raw and not no_grid:
        from netdsl.data.sample_grid import grid_png

        # `<text>` and `<stdin>` have brackets, which some systems refuse in file names.
        picture = grid or Path(f"{Path(source.name).stem.strip('<>') or 'data'}-samples.png")
        try:
            write_atomically(picture, grid_png(found.raw, found.transformed))
        except OSError as error:
            raise WrongPath(text("`{path}` cannot be written: {reason}", path=picture, reason=reason(error))) from error
    click.echo(_json(found, picture) if as_json else _report(found, picture), nl=False)


def _report(found: Survey, picture: Path | None) -> str:
    from netdsl.data.survey_report import survey_text

    report = survey_text(found, color=colored(sys.stdout))
    if picture is None:
        return report
    shown = text(
        "{picture} shows {count} training images: above as they are stored, below as the net receives them",
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
        "skipped": found.skipped,
        "grid": str(picture) if picture else None,
    }
    return json.dumps(value, indent=2) + "\n"
