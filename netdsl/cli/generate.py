"""`netdsl generate`: a trained language model writes."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.cli.shared.importing import importing_torch
from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import PATH, device_option, weights_option
from netdsl.cli.shared.run_source import read_run_source

if TYPE_CHECKING:
    from netdsl.runs.weights import WhichEpoch

SECTION = "Training"
INTERRUPTED = 128 + signal.SIGINT


@click.command
@click.argument("run", type=PATH)
@click.option("--prompt", default="", metavar="TEXT", help="How the text begins.")
@click.option(
    "--length", type=click.IntRange(min=1), default=200, metavar="N", help="How many tokens to write; 200 by default."
)
@click.option(
    "--temperature",
    type=click.FloatRange(min=0),
    default=1.0,
    metavar="T",
    help="0 takes the most likely token, 1 (the default) draws from the probabilities of the net.",
)
@click.option("--top-k", type=click.IntRange(min=1), metavar="K", help="Draw from the K most likely tokens only.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="The same seed writes the same text.")
@device_option
@weights_option
@click.pass_context
def command(
    context: click.Context,
    run: Path,
    prompt: str,
    length: int,
    temperature: float,
    top_k: int | None,
    seed: int | None,
    device: str,
    epoch: WhichEpoch,
) -> None:
    """Write a text with a net that was trained on `data text`.

    RUN is the folder that `netdsl run` made, or one of its checkpoints. A folder writes with its best epoch. The text
    appears token by token. Ctrl-C ends it.
    """
    experiment = read_run_source(run, Settings()).experiment
    with importing_torch():
        from netdsl.training import open_run

    saved = open_run(experiment, run, device, epoch)
    pieces = saved.write(prompt, length, temperature=temperature, top_k=top_k, seed=seed)
    click.echo(prompt, nl=False)
    try:
        for piece in pieces:
            click.echo(piece, nl=False)  # which flushes, so that it is seen at once
    except KeyboardInterrupt:
        click.echo()
        context.exit(INTERRUPTED)
    click.echo()
