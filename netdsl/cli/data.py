"""`netdsl data`: look at data before training on them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import ProgramText, Settings
from netdsl.cli.shared.options import takes_program
from netdsl.cli.shared.output import colored
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.errors import DataError, NetError, WrongPath
from netdsl.core.files import reason
from netdsl.core.sizes import format_shape
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.program import DataUse
from netdsl.render.cells import crop, left, painter, right
from netdsl.render.diagnostics import render_text

if TYPE_CHECKING:
    from netdsl.data.survey import Survey

SECTION = "Training"
MOST_LINES = 40
"""So many classes, and so many channels, are printed."""


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
    use = _data_line(source, program.settings)
    with importing_torch():  # a text with mistakes should not wait for it
        from netdsl.data.survey import survey

    found = survey(use)
    picture = None
    if found.raw and not no_grid:
        from netdsl.data.sample_grid import save_grid

        # `<text>` and `<stdin>` have brackets, which some systems refuse in file names.
        picture = grid or Path(f"{Path(source.name).stem.strip('<>') or 'data'}-samples.png")
        try:
            save_grid(picture, found.raw, found.transformed)
        except OSError as error:
            raise WrongPath(text("`{path}` cannot be written: {reason}", path=picture, reason=reason(error))) from error
    click.echo(_json(use, found, picture) if as_json else _report(use, found, picture), nl=False)


def _data_line(source: Source, settings: Settings) -> DataUse:
    """The `data` line of a text; mistakes in the net around it do not matter."""
    from netdsl.checker.file import NO_NET  # the parser, which `netdsl data --help` does not need

    experiment, diagnostics = settings.check(source)
    if experiment is None:  # most likely the text has no net at all: a layer is lent to it
        experiment, more = settings.check(Source(source.name, f"{source.text}\nidentity"))
        diagnostics = diagnostics if experiment is None else more
    use = None if experiment is None else experiment.data
    wrong = [one for one in errors(diagnostics) if (one.code != NO_NET if use is None else _within(one, use))]
    if wrong:
        raise NetError(render_text(wrong), wrong)
    if use is None:
        raise DataError(text("`{file}` has no `data` line; write one, such as `data digits`", file=source.name))
    return use


def _within(diagnostic: Diagnostic, use: DataUse) -> bool:
    return use.span is None or use.span.start <= diagnostic.span.start < use.span.end


def _report(use: DataUse, found: Survey, picture: Path | None) -> str:
    paint = painter(colored(sys.stdout))
    lines = [
        paint(use.component.name, bold=True) + f": {_sizes(found)}",
        text("served    {served}", served=found.served),
        _samples(found),
    ]
    if found.targets:
        low, mean, high = found.targets
        lines.append(
            text("targets   numbers from {low:.4g} to {high:.4g}, mean {mean:.4g}", low=low, high=high, mean=mean)
        )
    lines += ["", *_statistics(found), *_classes(found)]
    lines += [text("left out: {file}", file=line) for line in found.skipped]
    if picture:
        lines += [
            "",
            text(
                "{picture} shows {count} training images: above as they are stored, below as the net receives them",
                picture=picture,
                count=len(found.raw),
            ),
        ]
    return "\n".join(lines).rstrip() + "\n"


def _sizes(found: Survey) -> str:
    train, test = found.facts.sizes or (0, 0)
    if found.facts.classes:
        return text(
            "{train:,} to train on and {test:,} to test, {classes} classes",
            train=train,
            test=test,
            classes=found.facts.classes,
        )
    return text("{train:,} to train on and {test:,} to test", train=train, test=test)


def _samples(found: Survey) -> str:
    low, high = map(format_shape, found.stored)
    received = format_shape(found.shape)
    if low == high:
        return text("samples   {stored}; {received} when they reach the net", stored=low, received=received)
    return text(
        "samples   from {low} to {high}; {received} when they reach the net", low=low, high=high, received=received
    )


def _statistics(found: Survey) -> list[str]:
    """The mean and the deviation, a line for each of the first channels."""
    if not found.facts.mean:
        return []
    pairs = list(zip(found.facts.mean, found.facts.std, strict=True))
    lines = [f"{number:>7}  {mean:>10.4f}  {std:>10.4f}" for number, (mean, std) in enumerate(pairs[:MOST_LINES])]
    if len(pairs) > MOST_LINES:
        lines.append(text("… and {count:,} more channels", count=len(pairs) - MOST_LINES))
    return ["channel        mean   deviation", *lines, ""]


def _classes(found: Survey) -> list[str]:
    if not found.counts:
        return []
    shown = list(zip(_names(found), found.counts, strict=True))[:MOST_LINES]
    room = max(5, min(40, max(len(name) for name, _ in shown)))
    lines = [f"{left(crop(name, room), room)}  {train:>9,}  {test:>9,}" for name, (train, test) in shown]
    if len(found.counts) > MOST_LINES:
        lines.append(text("… and {count:,} more classes", count=len(found.counts) - MOST_LINES))
    return [f"{left('class', room)}  {right('training', 9)}  {right('test', 9)}", *lines]


def _names(found: Survey) -> tuple[str, ...]:
    return found.facts.names or tuple(map(str, range(len(found.counts))))


def _json(use: DataUse, found: Survey, picture: Path | None) -> str:
    value = {
        "data": use.component.name,
        "sizes": found.facts.sizes,
        "shape": found.shape,
        "stored": found.stored,
        "served": found.served,
        "classes": [
            {"name": name, "train": train, "test": test}
            for name, (train, test) in zip(_names(found), found.counts, strict=True)
        ],
        "targets": dict(zip(("min", "mean", "max"), found.targets, strict=True)) if found.targets else None,
        "mean": found.facts.mean,
        "std": found.facts.std,
        "skipped": found.skipped,
        "grid": str(picture) if picture else None,
    }
    return json.dumps(value, indent=2) + "\n"
