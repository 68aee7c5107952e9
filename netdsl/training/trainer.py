"""`netdsl.train`: from a checked file to a finished run."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from netdsl.checker.experiment.data_line import advise_data
from netdsl.core.errors import TrainingError
from netdsl.core.shown import print_shown
from netdsl.core.text import Text, english, text
from netdsl.data import Data, open_data
from netdsl.layer_names import find_named
from netdsl.program import Experiment
from netdsl.render.html import pre_html
from netdsl.runs.about import KnownFacts, RunAbout, Speed
from netdsl.runs.checkpointer import Checkpointer, Saving
from netdsl.runs.declared_facts import describe_declared
from netdsl.runs.folder import RunFolder
from netdsl.runs.history import Epoch, History, RunInfo
from netdsl.runs.known_data import describe_inputs, describe_learnt, find_learnt
from netdsl.runs.pretrained import PretrainedWeights, is_pretrained, read_pretrained, rename
from netdsl.runs.resume import Beginning, begin_folder, find_beginning
from netdsl.runs.weights import find_weights, read_weights, transfer
from netdsl.training.assembly import assemble
from netdsl.training.distributed.process_group import Team
from netdsl.training.distributed.rendezvous import expected_team, join
from netdsl.training.evaluate import Evaluator
from netdsl.training.failure_messages import explain_failures
from netdsl.training.follower import Follower, Unfollowed
from netdsl.training.index_range import require_entries
from netdsl.training.layer_probe import LayerProbe
from netdsl.training.learner import Learner
from netdsl.training.loop import training_steps
from netdsl.training.machine.autotune import choose_settings
from netdsl.training.machine.compile import explain_compile_errors
from netdsl.training.machine.device import choose_device, device_name
from netdsl.training.machine.memory_format import Choice, arrange, lay_out
from netdsl.training.machine.numerics import numerics
from netdsl.training.machine.out_of_memory import explain_no_room
from netdsl.training.machine.precision import advise
from netdsl.training.metric_setup import begin_history, build_metrics
from netdsl.training.padding_probe import warn_of_padding
from netdsl.training.recorder import Recorder, open_loggers, shows_curves
from netdsl.training.reporting.console import open_console
from netdsl.training.reporting.epoch_table import EpochTable, best_line, choose_every, header, outcome, skipped_lines
from netdsl.training.reporting.learned_weights import write_learned
from netdsl.training.reporting.plugin_callbacks import Callbacks, Hooks
from netdsl.training.reporting.run_html import choose_rows, run_html
from netdsl.training.reporting.run_report import RunReport
from netdsl.training.reporting.step_display import StepDisplay
from netdsl.training.schedules import Steps
from netdsl.training.stateful import carrying
from netdsl.training.steps import count_steps
from netdsl.training.stop import Stop, StopSignal

EVERY_HALF_MINUTE = Saving()


@dataclass(frozen=True, repr=False)
class RunResult:
    """What a run leaves. Printed, or in a notebook, it is the table of its epochs.

    Args:
        folder: the folder with all its files.
        model: the net as it ended, in evaluation mode.
        epochs: what each epoch came to.
        best: the best of them.
        criterion: the value of the test by which it is the best.
    """

    folder: Path
    model: nn.Sequential
    epochs: tuple[Epoch, ...]
    best: Epoch | None
    criterion: str = "loss"

    def __repr__(self) -> str:
        return text("<RunResult {folder}>", folder=self.folder)

    _repr_pretty_ = print_shown

    def __str__(self) -> str:
        chosen = choose_rows(self.epochs, self.best)
        rows = ("…" if epoch is None else self._table.row(epoch) for epoch in chosen)
        return "\n".join([self._table.heading, *rows, best_line(self.best, self.criterion, self.folder)])

    def _repr_html_(self) -> str:
        shown = run_html(self.epochs, self.best, self._table, self.criterion)
        return shown + pre_html(best_line(self.best, self.criterion, self.folder), wraps=True)

    @property
    def _table(self) -> EpochTable:
        metrics = [name for name in self.epochs[0].test if name != "loss"] if self.epochs else []
        return EpochTable(metrics, "samples")


def train(
    experiment: Experiment,
    *,
    device: str = "auto",
    out: str | Path | None = None,
    resume: str | Path | None = None,
    init: str | Path | None = None,
    quiet: bool = False,
    every: int | None = None,
    saving: Saving = EVERY_HALF_MINUTE,
    about: RunAbout | None = None,
    callbacks: Hooks | None = None,
    follower: Follower | None = None,
) -> RunResult:
    """Trains a net as its file says, tests it after each epoch, and leaves a folder with all that came of it.

    Args:
        experiment: a checked file with a `data` line.
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
        out: the folder of the run; None: `runs/<name>/<time>`.
        resume: the folder of a run to go on with, or one of its checkpoints; `out` and `init` are then left out.
        init: the folder of a run, whose best epoch counts, a file of weights, or weights of torchvision
            (`torchvision:resnet18`), to begin with; weights that do not fit are reported. It wins over the file's
            `pretrained` line.
        quiet: print nothing.
        every: print the row of one epoch of so many; None: of as many as leave a screenful.
        saving: how often a checkpoint is written.
        about: what `run.json` should say besides.
        callbacks: the plugins' functions that are called in the course of the run, by hook: those of a registry.
        follower: is shown the net after each step and each epoch.

    Raises:
        TrainingError: the run cannot start, or cannot go on.
        netdsl.data.DataError: the same, for the data's sake.
        Interrupted: Ctrl-C or SIGTERM came; the run has saved itself.
    """
    if experiment.data is None:
        raise TrainingError(
            text("`{name}` has no `data` line", name=experiment.source.name), advise_data(experiment.network)
        )
    settings = experiment.train
    team = expected_team()
    place = choose_device(device, team.local, team.local_world)
    with ExitStack() as stack:
        # The caller's random numbers, torch's switches and the other processes are left as they were found.
        stack.enter_context(torch.random.fork_rng([] if place.type == "cpu" else [place], device_type=place.type))
        stack.enter_context(numerics(place, settings))
        stack.enter_context(join(team, place))
        stack.enter_context(explain_no_room(experiment, place))
        unit = "images" if len(experiment.network.input) == 3 else "samples"
        console = stack.enter_context(open_console(quiet or not team.is_rank0, unit))

        # Open the data, of which each process is served its share.
        learnt = find_learnt(Path(resume)) if resume else None
        share = partial(open_data, rank=team.rank, world=team.world, progress=console.show_decoding, learnt=learnt)
        data = team.on_all_ranks(partial(share, experiment.data, place, seed=settings.seed))
        stack.callback(data.close)
        team.on_rank0(partial(require_entries, experiment.network, data))
        steps = team.on_rank0(partial(count_steps, experiment, data, team))

        # Find out where to begin. Nothing is written before the net stands: a run that cannot begin leaves nothing.
        restarted = team.max([team.restarts])[0] > 0
        beginning = team.on_rank0(
            partial(
                find_beginning,
                experiment.source.name,
                team,
                out=Path(out) if out else None,
                resume=Path(resume) if resume else None,
                init=str(init) if init else experiment.pretrained.source,
                restarted=restarted,
            )
        )

        # Choose how to use the machine.
        notes: list[str] = []  # printed once the run has begun
        if init and experiment.pretrained.source:
            notes.append(text("`--init-from` wins over the `pretrained` line of the file"))
        choice = team.on_rank0(partial(_choose, experiment, data, place, steps, beginning, notes.append))
        notes.insert(0, header(experiment, data, place, team.world, choice))
        if team.is_rank0 and (advice := advise(experiment.network, settings.precision, place)):
            notes.append(advice)
        if restarted:
            notes.append(
                text("a process died, so all were started anew; they go on after step {step:,}", step=beginning.step)
            )

        # Build the net with its first weights, and the optimizer.
        set_weights = FirstWeights.read(beginning.init, choice, experiment, team)
        learner = team.on_all_ranks(partial(assemble, experiment, place, steps, team, set_weights))
        if set_weights.report:
            notes.append(set_weights.report)
        data = lay_out(learner, data, choice)
        if data.carry:
            stack.enter_context(carrying(learner))

        if team.is_rank0 and (warning := warn_of_padding(learner.module, data)):
            notes.append(warning)

        # Begin the run: from here on there is a folder.
        described = _describe(experiment, data, place, team, choice, beginning)
        if set_weights.report:
            described["first_weights"] = set_weights.report
        folder = team.on_rank0(partial(begin_folder, beginning, experiment, {**described, **(about or {})}))
        for note in notes:
            console.prose(note)

        def warn(message: str) -> None:
            console.line(text("warning: {message}", message=message))

        metrics = build_metrics(experiment, data.facts, place)
        history = begin_history(experiment.metrics, metrics)
        recorder = Recorder(learner, history, open_loggers(experiment, data, folder, learner, history, warn))
        stack.callback(recorder.loggers.close)
        checkpointer = Checkpointer(folder=folder, learner=learner, recorder=recorder, saving=saving)
        evaluator = Evaluator(learner=learner, pipeline=data.test, seen=data.seen, metrics=metrics, notify=console.line)
        report = RunReport(
            experiment=experiment,
            data=data,
            learner=learner,
            folder=folder,
            history=history,
            evaluator=evaluator,
            probe=LayerProbe(
                learner=learner,
                network=experiment.network,
                batch=lambda: next(iter(evaluator.sample.epoch(0))),
            ),
            warn=warn,
        )
        info = _run_info(experiment, learner, folder, beginning, history)
        hooks = Callbacks(hooks=callbacks or {}, run=info, team=team, device=place, warn=warn)
        table = EpochTable(list(metrics), unit, every or choose_every(info.epochs - info.done))
        display = StepDisplay(
            console,
            recorder,
            batches=data.train.batches,
            epochs=info.epochs,
            has_classes=experiment.loss is not None and experiment.loss.component.wants == "classes",
        )

        # Restore what an earlier run has left.
        if beginning.state:
            checkpointer.restore(beginning.state)
        elif beginning.resumed:
            recorder.loggers.resume(0, 0)
        if beginning.init:
            checkpointer.save()  # the weights of another run: this one must not need them any longer

        # Train and test, epoch by epoch.
        console.begin_table(table, history)
        follower = follower or Unfollowed()
        follower.run_started(folder, learner, data, history)
        signal = StopSignal(patient=not team.alone)
        stop = Stop(learner, checkpointer, signal)
        with (
            report.during(),
            hooks.during(checkpointer.mark_failed),
            explain_failures(experiment, data, checkpointer, choice),
            signal,
            explain_compile_errors(),
        ):
            while not stop.is_over:
                recorder.begin_epoch()
                display.begin_epoch()
                for output, target in training_steps(learner, data.train, recorder.losses):
                    recorder.step_ended()
                    display.step_ended(output, target)
                    follower.step_ended()
                    stop.after_step()
                recorder.training_ended()
                observer = report.observer()
                results = evaluator.test_epoch(stop.watch_test, observer)
                train_results = evaluator.test_seen(stop.watch_test)
                learner.epoch, learner.batch = learner.epoch + 1, 0
                epoch = recorder.epoch_ended(results, train_results)
                report.log_histograms(recorder.loggers.add_histograms)
                checkpointer.keep_best()
                report.epoch_ended(observer)
                console.epoch_ended(table, epoch)
                if reason := hooks.epoch_ended(epoch):
                    stop.end()
                    console.line(text("ended after epoch {epoch} by {reason}", epoch=epoch.number, reason=reason))
                follower.epoch_ended(epoch)
                stop.after_epoch()
            checkpointer.finish()
            console.end_table(table, history)
            report.finish()

        # Say what the run came to.
        if team.is_rank0 and data.skipped:
            folder.describe(skipped=list(data.skipped))
            console.line(skipped_lines(data.skipped))
        if team.is_rank0 and not learner.is_sharded and (learned := write_learned(learner.weights)):
            console.line(text("learned: {weights}", weights=learned))
        console.line(outcome(history, folder.path, curves=shows_curves(experiment)))
    return RunResult(folder.path, learner.weights.eval(), tuple(history.epochs), history.best, history.criterion)


def _choose(
    experiment: Experiment,
    data: Data,
    device: torch.device,
    steps: Steps,
    beginning: Beginning,
    notify: Callable[[str], None],
) -> Choice:
    """How the run uses the machine; one that goes on does as before, for another layout would end in other bits."""
    before = beginning.resumed.about.get("speed") if beginning.resumed else None
    return Choice(**before) if before else choose_settings(experiment, data, device, steps, notify)


@dataclass
class FirstWeights:
    """Gives a fresh net its first weights, in the layout of the run; `report` says what became of those of a source."""

    source: str | None
    found: PretrainedWeights | tuple[Text | None, dict[str, Tensor]] | None
    choice: Choice
    experiment: Experiment
    report: str = ""

    @classmethod
    def read(cls, source: str | None, choice: Choice, experiment: Experiment, team: Team) -> Self:
        """Reads the weights of a source, of which there may be none, in the first process of a team."""
        return cls(source, team.on_rank0(partial(_read_initial, source)) if source else None, choice, experiment)

    def __call__(self, module: nn.Module) -> None:
        """Changes the weights of the net."""
        if self.source and self.found:
            found = self.found
            which, weights = (found.which, rename(found, module)) if isinstance(found, PretrainedWeights) else found
            report = transfer(weights, module, self.source, self._kept)
            template = "from {source}, {which}: {report}" if which else "from {source}: {report}"
            self.report = text(template, source=self.source, which=which, report=report)
        # Before replicas are made, which share gradients in the layout that the weights then have. The parts of a
        # sharded net are cut from rows, and stay contiguous.
        if self.experiment.train.shard == "none":
            arrange(module, self.choice)

    @property
    def _kept(self) -> set[str]:
        """The paths of layers that keep their own weights; other weights than those of the line replace them all."""
        line = self.experiment.pretrained
        words = line.without if self.source == line.source else ()
        return {path for word in words for path, _ in find_named(self.experiment.network, word)}


def _read_initial(source: str) -> PretrainedWeights | tuple[Text | None, dict[str, Tensor]]:
    if is_pretrained(source):
        return read_pretrained(source)
    found = find_weights(Path(source))
    return found.which, read_weights(found.path)


def _describe(
    experiment: Experiment, data: Data, device: torch.device, team: Team, choice: Choice, beginning: Beginning
) -> RunAbout:
    """What `run.json` says of a run that begins."""
    facts = data.facts
    about: RunAbout = {
        "name": experiment.source.name,
        "device": english(device_name(device)),
        "seed": experiment.train.seed,
        "launch": team.launch,
        "speed": Speed(layout=choice.layout, test_batch=choice.test_batch, lanes=choice.lanes),
        "data": KnownFacts(
            declared=describe_declared(experiment.data.declared) if experiment.data else None,
            input=facts.input,
            classes=facts.classes,
            names=facts.names,
            mean=facts.mean,
            std=facts.std,
            sizes=facts.sizes,
            unit=data.unit,
            **describe_learnt(data.learnt),
            **({"inputs": describe_inputs(data.learnt, facts)} if data.learnt.inputs else {}),
        ),
        "status": "running",
    }
    if beginning.init:
        # For `--resume` from another folder, unless it is the name of weights that lie nowhere here.
        named = is_pretrained(beginning.init)
        about["init"] = beginning.init if named else os.path.abspath(beginning.init)
    return about


def _run_info(
    experiment: Experiment, learner: Learner, folder: RunFolder, beginning: Beginning, history: History
) -> RunInfo:
    """The run as plugins see it."""
    return RunInfo(
        folder=folder.path,
        name=experiment.source.name,
        net=experiment.source.text,
        device=device_name(learner.device),
        params=experiment.network.params,
        epochs=ceil(learner.steps / learner.steps.per_epoch),
        steps=int(learner.steps),
        done=beginning.epochs,
        criterion=history.criterion,
        highest=history.highest,
    )
