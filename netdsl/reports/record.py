"""What the folder of a run tells, and what its text tells: all that a report is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from netdsl.core.files import reason
from netdsl.core.text import Text, text
from netdsl.drawing.drawing import Drawing
from netdsl.program import Experiment
from netdsl.render.entry import written
from netdsl.render.settings import list_settings
from netdsl.reports.chart import CurvePoint
from netdsl.reports.findings import FILE, Findings, read_findings
from netdsl.runs.about import RunAbout
from netdsl.runs.history import EPOCH_LOSS, TRAIN_LOSS
from netdsl.runs.listing import Listed, read_run

Curve = list[CurvePoint]


@dataclass(frozen=True)
class NetSheet:
    """What is known of a net from its text alone.

    Args:
        light, dark: the picture of it, as SVG.
        description: the net in words.
        params: how many numbers it learns.
        macs: its multiply-adds for one sample; None where sizes are open.
        settings: every setting, by its name, as one would write it.
        chosen: the names of those that are not as they would be by default.
    """

    light: str
    dark: str
    description: str
    params: int
    macs: int | None
    settings: Mapping[str, str]
    chosen: frozenset[str]


@dataclass(frozen=True)
class RunRecord:
    """A run, as the files in its folder tell of it.

    Args:
        listed: its folder and its `run.json`.
        metrics: what was logged, a mapping a step.
        findings: what the last look at the net has found; None where there was none yet.
        net: the text that was run.
        sheet: what that text says; None where it cannot be checked any more.
        notes: what could not be read.
    """

    listed: Listed
    metrics: Sequence[Mapping[str, float]]
    findings: Findings | None
    net: str
    sheet: NetSheet | None = None
    notes: tuple[Text, ...] = field(default=())

    @property
    def about(self) -> RunAbout:
        """What `run.json` says."""
        return self.listed.about

    @property
    def criterion(self) -> str:
        """The value by which its epochs are compared."""
        return self.listed.criterion

    @cached_property
    def epochs(self) -> list[Mapping[str, float]]:
        """What was logged at the end of each epoch."""
        return [line for line in self.metrics if "epoch" in line]

    @cached_property
    def measured(self) -> list[str]:
        """The names of what was measured on the test set, the loss first."""
        found = dict.fromkeys(name for line in self.epochs for name in line if name.startswith("test/"))
        names = [name.removeprefix("test/") for name in found]
        return sorted(names, key=lambda name: name != "loss")

    @cached_property
    def best(self) -> Mapping[str, float] | None:
        """The best epoch, the first of several equals; None where none has a value."""
        name = f"test/{self.criterion}"
        found = [line for line in self.epochs if math.isfinite(line.get(name, math.nan))]
        return (max if self.about.get("highest") else min)(found, key=lambda line: line[name]) if found else None

    def test_curve(self, name: str) -> Curve:
        """A value of the test over the epochs."""
        return self._over_epochs(f"test/{name}")

    def train_curve(self, name: str) -> Curve:
        """The same of training samples; of a loss that was not measured so, the mean over the steps of each epoch."""
        if name != "loss":
            return self._over_epochs(f"train/{name}")
        return self._over_epochs(TRAIN_LOSS) or self._over_epochs(EPOCH_LOSS)

    def step_curve(self, name: str) -> Curve:
        """A value that was logged every few steps, over the epochs, in which a step is a fraction."""
        lines = [line for line in self.metrics if name in line]
        return [CurvePoint(line["step"] / self._steps_per_epoch, line[name]) for line in lines]

    @property
    def counts_epochs(self) -> bool:
        """Whether an epoch has ended, so that it is known how many steps one has."""
        return bool(self.epochs)

    @property
    def _steps_per_epoch(self) -> float:
        first = self.epochs[0] if self.epochs else {"step": 1.0, "epoch": 1.0}
        return max(first["step"] / max(first["epoch"], 1.0), 1e-9)

    def _over_epochs(self, name: str) -> Curve:
        return [CurvePoint(line["epoch"], line[name]) for line in self.epochs if name in line]


def read_record(folder: Path, sheet: NetSheet | None = None) -> RunRecord:
    """Reads the files of a run.

    Raises:
        TrainingError: what was logged is damaged.
        OSError, ValueError: there is no run.
    """
    listed = read_run(folder)
    notes: list[Text] = []
    findings = None
    try:
        findings = read_findings(folder)
    except (OSError, ValueError) as error:
        cause = reason(error) if isinstance(error, OSError) else str(error)
        notes.append(text("`{file}` cannot be read: {reason}", file=folder / FILE, reason=cause))
    if listed.has_lost_metrics:
        notes.append(text("`{file}` is missing: there are no curves", file=listed.metrics_file))
    return RunRecord(listed, listed.read_metrics(), findings, listed.read_net(), sheet, tuple(notes))


def make_sheet(experiment: Experiment) -> NetSheet:
    """What a checked text says of its net."""
    light, dark = (Drawing(experiment.source, experiment, (), theme=theme) for theme in ("light", "dark"))
    settings = list(list_settings(experiment))
    macs = experiment.network.macs
    return NetSheet(
        light=light.svg,
        dark=dark.svg,
        description=light.picture.description,
        params=experiment.network.params,
        macs=macs if isinstance(macs, int) else None,
        settings={one.name: written(one.value) for one in settings},
        chosen=frozenset(one.name for one in settings if one.value != one.default),
    )
