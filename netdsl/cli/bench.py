"""`netdsl bench`: how fast a net trains here, and where the time goes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from netdsl.cli.inputs import Program, data_option, takes_program
from netdsl.cli.run_source import device_option, failures
from netdsl.program import Experiment

if TYPE_CHECKING:
    from netdsl.bench.step_times import Bench


@click.command
@takes_program
@device_option
@data_option
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="So many samples a step, instead of the file's.")
@click.option("--steps", type=click.IntRange(min=2), default=50, metavar="N", help="Steps in each of the rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def command(
    program: Program,
    device: str,
    data: str | None,
    batch: int | None,
    steps: int,
    as_json: bool,
) -> None:
    """Measure how fast a net trains, and where the time goes.

    Trains for some steps as `netdsl run` would, and prints samples a second, the milliseconds that a step spends on
    data, forward, backward and optimizer, and the peak of memory. Beside it, the same steps with the loop of a first
    course: a DataLoader, one sample at a time. Both take turns; medians are printed. Nothing is written.
    """
    settings = program.settings.overridden({"data": data, "data.batch": batch})
    experiment = Program(program.source, settings).experiment
    with failures():
        from netdsl.bench.step_times import bench

        found = bench(experiment, device, steps)
    click.echo(json.dumps(asdict(found)) if as_json else report(experiment, found))


def report(experiment: Experiment, found: Bench) -> str:
    """The table, within 80 columns."""
    unit = "images/s" if len(experiment.network.input) == 3 else "samples/s"
    train = experiment.train
    compiled = "" if train.compile == "off" else f", compile={train.compile}"
    lines = [
        f"{experiment.source.name}: {experiment.network.params:,} parameters; {found.device}",
        f"batch {found.batch}, {train.precision}{compiled}, {found.choice.layout.replace('_', ' ')}; "
        f"medians of {found.rounds} rounds of {found.steps} steps, taken in turns",
        "",
        _line("", unit, "ms a step", ""),
        _line("netdsl", f"{found.rate:,.0f}", _ms(found.step), f"{found.ratio:.2f} x the course's loop"),
    ]
    gain = f"{train.precision}         {found.gain:.2f} x as fast as fp32 on this device"
    whole = sum(found.phases.values())
    lines += [_line(f"  {name}", "", _ms(ms), f"{100 * ms / whole:.0f} %") for name, ms in found.phases.items()]
    lines += [
        _line("course's loop", f"{found.rate * found.step / found.course:,.0f}", _ms(found.course), ""),
        "",
        *([] if train.precision == "fp32" else [gain]),
        f"first step   {found.first:.2f} s{', compiling' if compiled else ''}",
        *([] if found.memory is None else [_peak(found.memory, found.device)]),
    ]
    return "\n".join(map(str.rstrip, lines))


def _peak(memory: int, device: str) -> str:
    return f"peak memory  {memory / 1e6:,.0f} MB{' on the device' if device.startswith('cuda') else ''}"


def _line(name: str, rate: str, step: str, note: str) -> str:
    return f"{name:14}{rate:>12}{step:>12}   {note}"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.3f}" if milliseconds < 10 else f"{milliseconds:.2f}"
