"""`netdsl data`: look at data before training on them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.inputs import Program, Settings, colored, columns, takes_program
from netdsl.cli.run_source import failures
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.sizes import format_shape
from netdsl.core.source import Source
from netdsl.program import DataUse
from netdsl.render.cells import crop, left, painter, right
from netdsl.render.diagnostics import render_text

if TYPE_CHECKING:
    from netdsl.data.survey import Survey

MOST_CLASSES = 40


@click.command
@takes_program
@click.option("--grid", type=click.Path(path_type=Path), metavar="PNG", help="Where samples are pictured.")
@click.option("--no-grid", is_flag=True, help="Picture no samples.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def command(program: Program, grid: Path | None, no_grid: bool, as_json: bool) -> None:
    """Show what a file's data hold, and picture some samples.

    Prints sizes, shapes, classes and how many samples each has, mean and deviation of the channels. Writes a PNG
    with samples as they are stored and, below each, as they reach the net: NAME-samples.png, unless `--grid` says
    otherwise. The file needs no net: `netdsl data -e 'data digits'`.
    """
    source = program.source
    use = _data_line(source, program.settings)
    with failures():
        from netdsl.data.survey import survey

        found = survey(use)
    pictured = None
    if found.raw and not no_grid:
        from netdsl.data.sample_grid import save_grid

        pictured = grid or Path(f"{Path(source.name).stem.strip('<>') or 'data'}-samples.png")
        save_grid(pictured, found.raw, found.transformed)
    report = _json(use, found, pictured) if as_json else _report(use, found, pictured)
    click.echo(report, nl=False)


def _data_line(source: Source, settings: Settings) -> DataUse:
    """The `data` line of a text, whatever is wrong with the net around it."""
    experiment, diagnostics = settings.check(source)
    if experiment is None:
        experiment, more = settings.check(Source(source.name, f"{source.text}\nidentity"))
        diagnostics = diagnostics if experiment is None else more
    use = None if experiment is None else experiment.data
    wrong = errors(diagnostics) if use is None else [one for one in errors(diagnostics) if _within(one, use)]
    if wrong:
        shown = render_text(wrong, color=colored(sys.stderr), columns=columns(sys.stderr, piped=100))
        click.echo(shown, err=True, nl=False)
        sys.exit(1)
    if use is None:
        click.echo(f"error: `{source.name}` has no `data` line; write one, such as `data digits`", err=True)
        sys.exit(1)
    return use


def _within(diagnostic: Diagnostic, use: DataUse) -> bool:
    return use.span is None or use.span.start <= diagnostic.span.start < use.span.end


def _report(use: DataUse, found: Survey, pictured: Path | None) -> str:
    paint = painter(colored(sys.stdout))
    lines = [paint(use.component.name, bold=True) + f": {_sizes(found)}", f"served    {found.served}"]
    lines.append(f"samples   {_stored(found)}; {format_shape(found.shape)} when they reach the net")
    if found.targets:
        low, mean, high = found.targets
        lines.append(f"targets   numbers from {low:.4g} to {high:.4g}, in the mean {mean:.4g}")
    lines += ["", *_statistics(found), *_classes(found)]
    lines += [f"left out: {line}" for line in found.skipped]
    if pictured:
        lines += [
            "",
            f"{pictured} shows {len(found.raw)} training images, each as it is stored above, as the net sees it below",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _sizes(found: Survey) -> str:
    train, test = found.facts.sizes or (0, 0)
    classes = f", {found.facts.classes} classes" if found.facts.classes else ""
    return f"{train:,} to train on and {test:,} to test{classes}"


def _stored(found: Survey) -> str:
    low, high = map(format_shape, found.stored)
    return low if low == high else f"from {low} to {high}"


def _statistics(found: Survey) -> list[str]:
    """The mean and the deviation, a line a channel; of many channels the first ones."""
    if not found.facts.mean:
        return []
    pairs = list(zip(found.facts.mean, found.facts.std, strict=True))
    lines = [f"{number:>7}  {mean:>10.4f}  {std:>10.4f}" for number, (mean, std) in enumerate(pairs[:MOST_CLASSES])]
    return [f"channel  {'mean':>10}  {'deviation':>10}", *lines, *_more(len(pairs), "channels"), ""]


def _classes(found: Survey) -> list[str]:
    if not found.counts:
        return []
    names = found.facts.names or tuple(map(str, range(len(found.counts))))
    shown = list(zip(names, found.counts, strict=True))[:MOST_CLASSES]
    room = max(5, min(40, max(len(name) for name, _ in shown)))
    lines = [f"{left(crop(name, room), room)}  {train:>9,}  {test:>9,}" for name, (train, test) in shown]
    return [f"{left('class', room)}  {right('training', 9)}  {right('test', 9)}", *lines, *_more(len(names), "classes")]


def _more(count: int, what: str) -> list[str]:
    return [f"… and {count - MOST_CLASSES:,} more {what}"] if count > MOST_CLASSES else []


def _json(use: DataUse, found: Survey, pictured: Path | None) -> str:
    names = found.facts.names or tuple(map(str, range(len(found.counts))))
    value: dict[str, Any] = {
        "data": use.component.name,
        "sizes": found.facts.sizes,
        "shape": found.shape,
        "stored": found.stored,
        "served": found.served,
        "classes": [
            {"name": name, "train": train, "test": test}
            for name, (train, test) in zip(names, found.counts, strict=True)
        ],
        "targets": dict(zip(("min", "mean", "max"), found.targets, strict=True)) if found.targets else None,
        "mean": found.facts.mean,
        "std": found.facts.std,
        "skipped": found.skipped,
        "grid": str(pictured) if pictured else None,
    }
    return json.dumps(value, indent=2) + "\n"
