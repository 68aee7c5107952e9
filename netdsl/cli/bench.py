"""`netdsl bench`: how fast a net trains here, and where the time goes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import ProgramText
from netdsl.cli.shared.options import data_option, device_option, takes_program
from netdsl.core.text import WordList, text
from netdsl.core.translation import translate
from netdsl.program import Experiment
from netdsl.render.cells import left, right

if TYPE_CHECKING:
    from netdsl.bench.step_times import Bench

SECTION = "Training"


@click.command
@takes_program
@device_option
@data_option
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Samples in a step, instead of the file's.")
@click.option(
    "--steps", type=click.IntRange(min=2), default=50, metavar="N", help="Steps in each round; 50 by default."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def command(
    program: ProgramText,
    device: str,
    data: str | None,
    batch: int | None,
    steps: int,
    as_json: bool,
) -> None:
    """Measure how fast a net trains, and where the time goes.

    Trains for some steps as `netdsl run` would. Prints the samples per second, the milliseconds that a step spends on
    data, forward, backward and optimizer, and the peak of memory. For comparison, it trains as many steps with the loop
    of introductory courses: a DataLoader that reads one sample at a time. The two loops take turns, and medians are
    printed. Nothing is written.
    """
    settings = program.settings.override({"data": data, "data.batch": batch})
    experiment = ProgramText(program.source, settings).experiment
    with importing_torch():  # a text with mistakes should not wait for torch
        from netdsl.bench.step_times import bench
        from netdsl.training.machine.allocator import keep_freed_memory

    keep_freed_memory()  # as `netdsl run` does
    found = bench(experiment, device, steps)
    click.echo(json.dumps(asdict(found)) if as_json else _table(experiment, found))


def _table(experiment: Experiment, found: Bench) -> str:
    """The table, within 80 columns."""
    unit = translate("images/s" if len(experiment.network.input) == 3 else "samples/s")
    precision, whole = experiment.train.precision, sum(found.phases.values())
    ratio = text("{ratio:.2f} x the course's loop", ratio=found.ratio)
    lines = [
        text(
            "{file}: {parameters:,} parameters; {device}",
            file=experiment.source.name,
            parameters=experiment.network.params,
            device=found.device,
        ),
        _conditions(experiment, found),
        "",
        _row("", unit, translate("ms a step"), ""),
        _row("netdsl", f"{found.rate:,.0f}", _ms(found.step), ratio),
        *(_row(f"  {translate(name)}", "", _ms(ms), f"{100 * ms / whole:.0f} %") for name, ms in found.phases.items()),
        # Both loops train on the same batches, so their rates follow from their times.
        _row(translate("course's loop"), f"{found.rate * found.step / found.course:,.0f}", _ms(found.course), ""),
        "",
    ]
    if precision != "fp32":
        gain = text("{gain:.2f} x as fast as fp32 on this device", gain=found.gain)
        lines.append(f"{precision}         {gain}")
    lines.append(_first_step(found.first, compiled=experiment.train.compile != "off"))
    if found.memory is not None:
        lines.append(_peak(found.memory, found.device))
    return "\n".join(map(str.rstrip, lines))


def _conditions(experiment: Experiment, found: Bench) -> str:
    """The settings of the measurement, in one line."""
    compiled = experiment.train.compile
    settings = [
        text("batch {batch}", batch=found.batch),
        experiment.train.precision,
        *([] if compiled == "off" else [f"compile={compiled}"]),
        found.choice.layout.replace("_", " "),
    ]
    return text(
        "{settings}; medians of {rounds} rounds of {steps} steps, taken in turns",
        settings=WordList(settings),
        rounds=found.rounds,
        steps=found.steps,
    )


def _first_step(seconds: float, *, compiled: bool) -> str:
    if compiled:
        return text("first step   {seconds:.2f} s, compiling", seconds=seconds)
    return text("first step   {seconds:.2f} s", seconds=seconds)


def _peak(memory: int, device: str) -> str:
    if device.startswith("cuda"):
        return text("peak memory  {megabytes:,.0f} MB on the device", megabytes=memory / 1e6)
    return text("peak memory  {megabytes:,.0f} MB", megabytes=memory / 1e6)


def _row(name: str, rate: str, step: str, note: str) -> str:
    return f"{left(name, 14)}{right(rate, 12)}{right(step, 12)}   {note}"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.3f}" if milliseconds < 10 else f"{milliseconds:.2f}"
