"""`report.html` while a run goes on: when it is written, and what it is made of. No run ends because of its report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

import torch
from torch import Tensor

from netdsl.core.errors import in_a_line
from netdsl.core.files import reason, write_atomically
from netdsl.core.text import text
from netdsl.data import Data
from netdsl.data.inputs import Samples
from netdsl.data.overlays import mask_classes
from netdsl.data.samples import Feature
from netdsl.data.transform_chain import undo_normalization
from netdsl.program import Experiment
from netdsl.reports.findings import Findings, LayerState, Numbers, ShownSample, write_findings
from netdsl.reports.record import NetSheet, make_sheet, read_record
from netdsl.reports.sections import write_report
from netdsl.runs.folder import RunFolder
from netdsl.runs.history import History
from netdsl.training.evaluate import Evaluator
from netdsl.training.layer_probe import LayerProbe, Probed
from netdsl.training.learner import Learner
from netdsl.training.reporting.learned_weights import write_learned
from netdsl.training.reporting.thumbnails import draw_overlay, draw_thumbnail
from netdsl.training.test_observer import Kept, Observed, TestObserver, find_judge

FILE = "report.html"

SHARE = 0.01
"""What part of a run's time its report may take before the end: after one that took 0.1 s, none is made for 10 s."""

FIRST = 0.1
"""The seconds that a first report is taken to need."""

MOST_CONFUSED = 80
"""Up to so many classes the whole matrix is kept."""

MOST_VALUES = 40
"""So many numbers of a sample that is no image are shown."""


@dataclass(kw_only=True)
class RunReport:
    """Writes the report of a run. All processes of a team call it; the first of them writes.

    Args:
        warn: prints a warning.
    """

    experiment: Experiment
    data: Data
    learner: Learner
    folder: RunFolder
    history: History
    evaluator: Evaluator
    probe: LayerProbe
    warn: Callable[[str], None]
    _cost: float = field(default=FIRST, init=False)
    _written: float = field(default_factory=monotonic, init=False)
    _looked: int = field(default=-1, init=False)
    _failed: bool = field(default=False, init=False)
    _sheet: NetSheet | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._kind, judge = find_judge(self.experiment, self.data.facts)
        self._observer = TestObserver(judge, self.data.test.samples // self.learner.team.world)

    @property
    def is_on(self) -> bool:
        """Whether the run wants a report."""
        return self.learner.settings.report

    def observer(self) -> TestObserver | None:
        """What looks at the test that is about to begin; None where there will be no report after it."""
        if not self.is_on:
            return None
        is_due = not self._failed and monotonic() - self._written >= self._cost / SHARE
        # The clocks of a team differ, and its first process decides.
        decided = self.learner.team.max([is_due and self.learner.team.is_rank0])[0]
        return self._observer if decided else None

    def epoch_ended(self, observer: TestObserver | None) -> None:
        """Writes the report after a test that was looked at."""
        if observer is not None:
            self._look()
            self.write()

    def finish(self) -> None:
        """Writes the report of the end; a test that nobody has looked at is done once more."""
        if not self.is_on:
            return
        has_failed = self.learner.team.broadcast(self._failed)
        if self._looked != self.learner.epoch and not has_failed:
            # The weights are saved: if the data cannot be read any more, the run has ended all the same.
            self._try(lambda: self.evaluator.test_epoch(lambda batches: batches, self._observer))
            self._look()
        self.write()

    @contextmanager
    def during(self) -> Iterator[None]:
        """Has the page say how a run ended that was stopped, or has failed; nothing is said where that fails too."""
        try:
            yield
        except BaseException:
            if self.is_on and self.learner.team.is_rank0 and not self._failed:
                with suppress(Exception):
                    self._write_page()
            raise

    def write(self) -> None:
        """Writes the page from what lies in the folder."""
        if self.is_on and self.learner.team.is_rank0 and not self._failed:
            self._try(self._write_page)

    def _look(self) -> None:
        """Writes down what the observer has seen, and looks into the net."""
        began = monotonic()
        observed = self._observer.conclude(self.learner.team)
        self._looked = self.learner.epoch
        if self._observer.error is not None:
            self._fail(self._observer.error)
        if self.learner.team.is_rank0 and observed is not None and not self._failed:
            self._try(lambda: write_findings(self.folder.path, self._find(observed)))
        self._written = monotonic()
        self._cost = self._written - began

    def _write_page(self) -> None:
        began = monotonic()
        # The net does not change in a run, and drawing a large one takes longer than all the rest.
        self._sheet = self._sheet or make_sheet(self.experiment)
        page = write_report(read_record(self.folder.path, self._sheet))
        write_atomically(self.folder.path / FILE, page.encode())
        self._written = monotonic()
        self._cost += self._written - began

    def _try(self, action: Callable[[], object]) -> None:
        """Does something that may fail in any way; after a failure the run goes on without a report."""
        try:
            action()
        except Exception as error:  # a plugin's net too may fail here, where nothing is trained
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Says once why there is no report."""
        if not self._failed:
            self._failed = True
            cause = reason(error) if isinstance(error, OSError) else in_a_line(error)
            self.warn(text("`{file}` is not written any more: {reason}", file=self.folder.path / FILE, reason=cause))

    def _find(self, observed: Observed) -> Findings:
        facts, learner = self.data.facts, self.learner
        probed = self.probe.look()
        findings: Findings = {
            "epoch": learner.epoch,
            "step": learner.step,
            "kind": self._kind,
            "tested": observed.tested,
            "wrong": observed.wrong,
            "names": list(facts.names),
            "columns": [name for column in self.data.learnt.columns for name in _headings(column)],
            "worst": self._describe(observed.worst),
            "random": self._describe(observed.some),
            "scatter": [list(map(float, pair)) for pair in observed.points.tolist() if self._kind == "numbers"],
            "layers": [] if learner.is_sharded else self._describe_layers(probed),
            "looked": probed.samples,
            "paces": [{"epoch": one.number, "rate": one.rate, "seconds": one.seconds} for one in self.history.epochs],
            "learned": "" if learner.is_sharded else write_learned(learner.weights),
        }
        if observed.confusion is not None and len(observed.confusion) <= MOST_CONFUSED:
            findings["confusion"] = observed.confusion.tolist()
        return findings

    def _describe(self, kept: Kept) -> list[ShownSample]:
        stored = self._shown(kept.x)
        # Where samples were left out, or others saw the rest, their places in the test set are not known.
        is_counted = self.learner.team.alone and not self.data.skipped
        return [self._describe_one(kept, stored, row, is_counted) for row in range(len(kept.number))]

    def _shown(self, x: Samples) -> Tensor:
        """Samples as people look at them: of several inputs the images side by side, or else all numbers in a row."""
        use, facts = self.experiment.data, self.data.facts
        assert use is not None
        if isinstance(x, Tensor):
            return undo_normalization(x.float(), use.transforms, facts) if x.is_floating_point() else x
        pictures = [
            undo_normalization(part.float(), fed.transforms, facts.with_inputs([known]))
            for part, fed, known in zip(x.parts, use.inputs, facts.inputs, strict=True)
            if part.dim() == 4 and part.is_floating_point()
        ]
        if pictures:
            alike = [one for one in pictures if one.shape == pictures[0].shape]
            return torch.cat(alike, 3)
        return torch.cat([part.flatten(1).float() for part in x.parts], 1)

    def _describe_one(self, kept: Kept, stored: Tensor, row: int, is_counted: bool) -> ShownSample:
        shown: ShownSample = {"number": int(kept.number[row]) if is_counted else None, "sure": float(kept.sure[row])}
        sample = stored[row]
        if classes := mask_classes(self.data.facts):
            for name, mask in (("true_mask", kept.true[row]), ("predicted_mask", kept.predicted[row])):
                shown[name] = draw_overlay(sample, mask.view(sample.shape[1:]), classes)  # type: ignore[literal-required]
        elif self._kind != "places":
            shown["true"] = list(map(float, kept.true[row].tolist()))
            shown["predicted"] = list(map(float, kept.predicted[row].tolist()))
        if sample.is_floating_point() and sample.dim() in (2, 3):
            shown["picture"] = draw_thumbnail(sample if sample.dim() == 3 else sample.unsqueeze(0))
        else:
            shown["values"] = list(map(float, sample.flatten()[:MOST_VALUES].tolist()))
        return shown

    def _describe_layers(self, probed: Probed) -> list[LayerState]:
        """The statements that have weights or activations, in the order of the file."""
        parameters: dict[str, list[str]] = {}
        weights = dict(self.learner.module.named_parameters())
        for name in weights:
            parameters.setdefault(name.rpartition(".")[0], []).append(name)
        states: list[LayerState] = []
        for node in self.experiment.network.walk():
            if node.children:
                continue
            # A composite such as attention has its parameters in modules that no statement writes.
            names = [
                name for owner, own in parameters.items() if f"{owner}.".startswith(f"{node.path}.") for name in own
            ]
            if not names and node.path not in probed.units:
                continue
            line = node.span.position.line
            state: LayerState = {"path": node.path, "written": node.written, "line": line, "params": node.params}
            if names:
                state["weights"] = _summarize([weights[name] for name in names])
                if found := [probed.gradients[name] for name in names if name in probed.gradients]:
                    state["gradients"] = _summarize(found)
            if node.path in probed.units:
                dead = probed.units[node.path]
                state["dead"], state["units"] = int(dead.sum()), dead.numel()
            states.append(state)
        return states

    def log_histograms(self, add: Callable[[dict[str, Tensor], int], None]) -> None:
        """Hands over weights and gradients, after every so many epochs."""
        every, learner = self.learner.settings.histograms, self.learner
        if not every or learner.epoch % every or not learner.team.is_rank0 or learner.is_sharded:
            return
        values: dict[str, Tensor] = {f"weights/{name}": value for name, value in learner.module.named_parameters()}
        values |= {f"gradients/{name}": value for name, value in self.probe.look().gradients.items()}
        add(values, learner.step)


def _summarize(tensors: list[Tensor]) -> Numbers:
    """How the numbers of several tensors lie, taken together; what is no number counts as 0."""
    values = torch.cat([one.detach().flatten().float() for one in tensors]).nan_to_num(0.0)
    mean, std, largest = torch.stack((values.mean(), values.std(correction=0), values.abs().max())).tolist()
    return {"mean": _finite(mean), "std": _finite(std), "largest": _finite(largest)}


def _headings(column: Feature) -> list[str]:
    """What a column's numbers are called: `age`; of one of words `colour=red`, `colour=blue`; a flag `age=?`."""
    if column.is_index:
        return [column.name]
    headings = [f"{column.name}={category}" for category in column.categories] or [column.name]
    return [*headings, *([f"{column.name}=?"] if column.flag else [])]


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
