"""`netdsl.train`: from a checked file to a finished run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from netdsl.building import create
from netdsl.components import Facts
from netdsl.data import Data, open_data
from netdsl.network import Experiment
from netdsl.training.assembly import assemble
from netdsl.training.checkpoint import Checkpoint, load
from netdsl.training.devices import choose_device, device_name
from netdsl.training.diagnose import blame
from netdsl.training.engine import fit
from netdsl.training.errors import TrainingError
from netdsl.training.folder import RunFolder, create_folder, open_folder
from netdsl.training.history import Epoch
from netdsl.training.layout import Choice, lay_out
from netdsl.training.loggers import Jsonl, Loggers, TensorBoard
from netdsl.training.measures import begin_history, build_metrics
from netdsl.training.progress import Display, choose_display
from netdsl.training.report import header, outcome
from netdsl.training.run import Diverged, Run, Saving
from netdsl.training.schedules import Steps
from netdsl.training.signals import StopSignal
from netdsl.training.speed import choose
from netdsl.training.transfer import transfer

EVERY_HALF_MINUTE = Saving()


@dataclass(frozen=True)
class RunResult:
    """What a run leaves.

    Args:
        folder: where everything lies.
        model: the net as it ended, in evaluation mode.
        epochs: what each epoch came to.
        best: the best of them.
    """

    folder: Path
    model: nn.Sequential
    epochs: tuple[Epoch, ...]
    best: Epoch | None


def train(
    experiment: Experiment,
    *,
    device: str = "auto",
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init: str | Path | None = None,
    quiet: bool = False,
    saving: Saving = EVERY_HALF_MINUTE,
    about: Mapping[str, Any] | None = None,
) -> RunResult:
    """Trains a net as its file says, evaluates it after each epoch, and leaves a run's folder.

    Args:
        experiment: a checked file with a `data` line.
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        out: the folder; left out, `runs/<name>/<time>`.
        resume: the folder of a run to go on with, or one of its checkpoints; `out` is then left out.
        init: a run's folder, or a file of weights, to begin with the weights of; what does not fit is told.
        quiet: say nothing.
        saving: how often a checkpoint is written.
        about: what `run.json` should say besides.

    Raises:
        TrainingError: the run cannot start or go on; `netdsl.data.DataError` where that is the data's fault.
        Interrupted: Ctrl-C or SIGTERM came; the run has saved itself.
    """
    if experiment.data is None:
        raise TrainingError(f"`{experiment.source.name}` has no `data` line", "write one, such as `data digits`")
    chosen = choose_device(device)
    data = open_data(experiment.data, chosen, seed=experiment.train.seed)
    folder, checkpoint = _folder(experiment, chosen, out, resume, about or {})
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng([] if chosen.type == "cpu" else [chosen], device_type=chosen.type))
        stop = stack.enter_context(StopSignal())
        display = choose_display(quiet, "images" if len(experiment.network.input) == 3 else "samples")
        stack.callback(display.close)
        steps = _steps(experiment, data)
        choice = Choice(**folder.about["speed"]) if resume else choose(experiment, data, chosen, steps)
        folder.describe(speed=asdict(choice), data=_known(data.facts), status="running")
        run = _run(experiment, data, chosen, steps, folder, display, stop, saving)
        data = lay_out(run.learner, data, choice)
        stack.callback(run.loggers.close)
        display.line(header(experiment, data, chosen, choice))
        if checkpoint:
            run.resume(checkpoint)
        elif resume:
            run.loggers.resume(0, 0)
        elif init:
            display.line(f"from {init}: {transfer(Path(init), run.learner.module)}")
            run.save()
        folder.checkpoints.rewind(run.learner.step)
        try:
            fit(run.learner, data, run)
        except Diverged as error:
            raise blame(experiment, data, folder, run.learner, error.step) from error
        display.line(outcome(run.history, folder.path))
    model = run.learner.weights.eval()
    return RunResult(folder.path, model, tuple(run.history.epochs), run.history.best)


def _folder(
    experiment: Experiment,
    device: torch.device,
    out: str | Path | None,
    resume: str | Path | None,
    about: Mapping[str, Any],
) -> tuple[RunFolder, Checkpoint | None]:
    about = {"name": experiment.source.name, "device": device_name(device), "seed": experiment.train.seed} | dict(about)
    if resume is None:
        name = Path(experiment.source.name).stem.strip("<>") or "net"
        return create_folder(name, Path(out) if out else None, experiment.source.text, about), None
    folder, chosen = open_folder(Path(resume))
    return folder, load(chosen) if chosen else folder.checkpoints.latest()


def _known(facts: Facts) -> dict[str, Any]:
    """What a prediction has to know of the data, which it does not read."""
    return {name: getattr(facts, name) for name in ("input", "classes", "names", "mean", "std", "sizes")}


def _steps(experiment: Experiment, data: Data) -> Steps:
    settings = experiment.train
    an_epoch = ceil(data.train.batches / settings.accumulate)
    if an_epoch == 0:
        raise TrainingError("the training set is empty, or `drop_last` leaves no batch of it")
    return Steps(settings.steps or settings.epochs * an_epoch, an_epoch)


def _run(
    experiment: Experiment,
    data: Data,
    device: torch.device,
    steps: Steps,
    folder: RunFolder,
    display: Display,
    stop: StopSignal,
    saving: Saving,
) -> Run:
    metrics = build_metrics(experiment.metrics, data.facts, device)
    loggers = [create(use, folder.path) for use in experiment.loggers] or [TensorBoard(folder.path)]
    others = (logger for logger in loggers if not isinstance(logger, Jsonl))
    return Run(
        folder=folder,
        learner=assemble(experiment, device, steps),
        history=begin_history(experiment.metrics, metrics),
        metrics=metrics,
        loggers=Loggers([Jsonl(folder.path), *others], lambda text: display.line(f"warning: {text}")),
        display=display,
        stop=stop,
        saving=saving,
        batches=data.train.batches,
        epochs=ceil(steps / steps.per_epoch),
        classes=experiment.loss is not None and experiment.loss.component.wants == "classes",
    )
