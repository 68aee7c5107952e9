"""`netdsl.train`: from a checked file to a finished run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from netdsl.builder import create
from netdsl.core.errors import CompileError, TrainingError
from netdsl.data import Data, DataError, open_data
from netdsl.program import Experiment
from netdsl.runs.checkpointer import Saver, Saving
from netdsl.runs.folder import RunFolder, writing
from netdsl.runs.history import Epoch, History, RunInfo
from netdsl.runs.resume import Beginning, Place, begin
from netdsl.runs.weights import read_weights, transfer
from netdsl.training.assembly import assemble
from netdsl.training.distributed.process_group import Team
from netdsl.training.distributed.rendezvous import expected_team, join
from netdsl.training.learner import Learner
from netdsl.training.loop import fit
from netdsl.training.machine.autotune import choose
from netdsl.training.machine.compile import explain_compile_errors
from netdsl.training.machine.device import choose_device, device_name, out_of_memory
from netdsl.training.machine.memory_format import Choice, arrange, lay_out
from netdsl.training.machine.numerics import numerics
from netdsl.training.machine.out_of_memory import explain, room_for_weights
from netdsl.training.machine.precision import advice
from netdsl.training.metric_setup import begin_history, build_metrics
from netdsl.training.nan_trace import blame
from netdsl.training.recorder import Diverged, Run
from netdsl.training.reporting.console import Display, choose_display
from netdsl.training.reporting.epoch_table import header, left_out, outcome
from netdsl.training.reporting.loggers import Jsonl, Loggers, RunLogger
from netdsl.training.reporting.plugin_callbacks import Callbacks, Hooks
from netdsl.training.reporting.tensorboard import SAMPLES, Beside, TensorBoard, settings_of
from netdsl.training.schedules import Steps
from netdsl.training.signals import StopSignal
from netdsl.training.steps import count_steps

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
    callbacks: Hooks | None = None,
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
        callbacks: the plugins' functions that are told of the run, by hook: those of a registry.

    Raises:
        TrainingError: the run cannot start or go on; `netdsl.data.DataError` where that is the data's fault.
        Interrupted: Ctrl-C or SIGTERM came; the run has saved itself.
    """
    if experiment.data is None:
        raise TrainingError(f"`{experiment.source.name}` has no `data` line", "write one, such as `data digits`")
    team = expected_team()
    place = choose_device(device, team.local, team.local_world)
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng([] if place.type == "cpu" else [place], device_type=place.type))
        stack.enter_context(numerics(place, experiment.train))
        stack.enter_context(join(team, place))
        stack.enter_context(room_for_weights(experiment, place))
        stop = StopSignal(patient=not team.alone)
        display = choose_display(
            quiet or not team.is_rank0, "images" if len(experiment.network.input) == 3 else "samples"
        )
        stack.callback(display.close)
        data = _open(experiment, place, team, display)
        stack.callback(data.close)
        steps = team.on_rank0(partial(count_steps, experiment, data, team))
        restarted = team.max([team.restarts])[0] > 0
        where = Place(Path(out) if out else None, Path(resume) if resume else None)
        beginning = team.on_rank0(partial(begin, experiment, place, where, team, restarted, about or {}))
        choice = team.on_rank0(partial(_choose, experiment, data, place, steps, beginning))
        display.line(header(experiment, data, place, team.world, choice))
        if team.is_rank0 and (note := advice(experiment.network, experiment.train.precision, place)):
            display.line(note)
        if restarted:
            display.line(f"a process died, so all were started anew; they go on after step {beginning.step:,}")
        start = _initial(init, team, display) if init and not beginning.resumed else None
        fresh = partial(_fresh, experiment, choice, start)
        learner = team.on_all_ranks(partial(assemble, experiment, place, steps, team, fresh))
        data = lay_out(learner, data, choice)
        run = _run(experiment, data, learner, beginning, display, stop, saving, callbacks or {})
        stack.callback(run.saver.loggers.close)
        _take_up(run, beginning, fresh_weights=start is None)
        display.line(run.table.heading)
        with run.callbacks.during(), _explained(experiment, data, run, choice), explain_compile_errors():
            fit(learner, data, run)
        _conclude(run, experiment, data)
    history = run.saver.history
    return RunResult(run.saver.folder.path, learner.weights.eval(), tuple(history.epochs), history.best)


def _open(experiment: Experiment, place: torch.device, team: Team, display: Display) -> Data:
    """The data, of which each process is served its share."""
    assert experiment.data is not None
    share = partial(open_data, rank=team.rank, world=team.world, progress=display.decoding)
    return team.on_all_ranks(partial(share, experiment.data, place, seed=experiment.train.seed))


def _take_up(run: Run, beginning: Beginning, *, fresh_weights: bool) -> None:
    """Goes on where the run stood; one that begins with the weights of another saves them first."""
    if beginning.state:
        run.resume(beginning.state)
    elif beginning.resumed:
        run.saver.loggers.resume(0, 0)
    elif not fresh_weights:
        run.save()


def _conclude(run: Run, experiment: Experiment, data: Data) -> None:
    """Says which images were left out, what the run came to, and what to type next."""
    folder = run.saver.folder
    if run.learner.team.is_rank0 and data.skipped:
        folder.describe(skipped=data.skipped)
        run.display.line(left_out(data.skipped))
    named = [use.component.name for use in experiment.loggers]
    run.display.line(outcome(run.saver.history, folder.path, curves=not named or "tensorboard" in named))


@contextmanager
def _explained(experiment: Experiment, data: Data, run: Run, choice: Choice) -> Iterator[None]:
    """Says what stops a training, why, and how to go on; signals are minded as long as it lasts."""
    learner, folder = run.learner, run.saver.folder
    try:
        with run.saver.guarded(), run.stop:
            yield
    except Diverged as error:
        assert experiment.data is not None  # of which else
        seed = experiment.train.seed
        alone = data if learner.team.alone else open_data(experiment.data, learner.device, seed=seed)
        run.saver.fail()
        learner.team.on_rank0(partial(blame, experiment, alone, folder, choice, learner, error.step))
    except CompileError:
        run.saver.fail()
        raise
    except DataError as error:
        raise DataError(error.message, f"{error.help}; {run.rescued()}" if error.help else run.rescued()) from error
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        run.saver.fail()
        raise explain(experiment, data, learner, error, run.saver.kept()) from error


def _choose(experiment: Experiment, data: Data, device: torch.device, steps: Steps, beginning: Beginning) -> Choice:
    """How the run uses the machine: as before where it goes on, for another layout would make other bits."""
    before = beginning.folder.about.get("speed") if beginning.resumed else None
    choice = Choice(**before) if before else choose(experiment, data, device, steps)
    facts = {name: getattr(data.facts, name) for name in ("input", "classes", "names", "mean", "std", "sizes")}
    with writing(beginning.folder.path):
        beginning.folder.describe(speed=asdict(choice), data=facts, status="running")
    return choice


def _fresh(
    experiment: Experiment, choice: Choice, start: Callable[[nn.Module], None] | None, module: nn.Module
) -> None:
    """Gives a net its first weights, in the layout that its replicas will share gradients in."""
    if start:
        start(module)
    if experiment.train.shard == "none":  # parts of weights are cut from rows
        arrange(module, choice)


def _initial(source: str | Path, team: Team, display: Display) -> Callable[[nn.Module], None]:
    """What gives a fresh net the weights from elsewhere, and tells which of them."""
    found = team.on_rank0(partial(read_weights, Path(source)))
    return lambda module: display.line(f"from {source}: {transfer(found, module, source)}")


def _run(
    experiment: Experiment,
    data: Data,
    learner: Learner,
    beginning: Beginning,
    display: Display,
    stop: StopSignal,
    saving: Saving,
    hooks: Hooks,
) -> Run:
    def warn(text: str) -> None:
        display.line(f"warning: {text}")

    folder, team = beginning.folder, learner.team
    metrics = build_metrics(experiment, data.facts, learner.device)
    history = begin_history(experiment.metrics, metrics)
    loggers = Loggers(_loggers(experiment, folder, team), warn)
    loggers.begin(_beside(experiment, data, learner, history))
    told = _told(experiment, learner, beginning, history)
    return Run(
        learner=learner,
        saver=Saver(folder=folder, learner=learner, history=history, loggers=loggers, saving=saving),
        callbacks=Callbacks(hooks=hooks, run=told, team=team, device=learner.device, warn=warn),
        metrics=metrics,
        display=display,
        stop=stop,
        batches=data.train.batches,
        epochs=told.epochs,
        classes=experiment.loss is not None and experiment.loss.component.wants == "classes",
    )


def _beside(experiment: Experiment, data: Data, learner: Learner, history: History) -> Beside | None:
    """What TensorBoard shows beside the curves; the parts of a net that is divided cannot be shown."""
    if learner.sharded:
        return None
    metrics = tuple(f"test/{name}" for name in ("loss", *history.metrics) if name != "confusion")
    few = data.test.batched(SAMPLES)
    return Beside(learner.module, lambda: next(iter(few.epoch(0))).x, settings_of(experiment), metrics)


def _told(experiment: Experiment, learner: Learner, beginning: Beginning, history: History) -> RunInfo:
    """What callbacks are told of the run."""
    return RunInfo(
        folder=beginning.folder.path,
        name=experiment.source.name,
        net=experiment.source.text,
        device=device_name(learner.device),
        params=experiment.network.params,
        epochs=ceil(learner.steps / learner.steps.per_epoch),
        steps=int(learner.steps),
        done=beginning.state["position"][0] if beginning.state else 0,
        criterion=history.criterion,
        highest=history.highest,
    )


def _loggers(experiment: Experiment, folder: RunFolder, team: Team) -> list[RunLogger]:
    """The file's loggers, or TensorBoard; the lines of `metrics.jsonl` are always written. Only a leader logs."""
    if not team.is_rank0:
        return []
    asked = [create(use, folder.path) for use in experiment.loggers] or [TensorBoard(folder.path)]
    return [Jsonl(folder.path), *(logger for logger in asked if not isinstance(logger, Jsonl))]
