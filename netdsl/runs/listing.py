"""Runs side by side, by what their folders say; torch is not needed for that."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from netdsl.core.errors import TrainingError
from netdsl.core.files import reason, require_regular
from netdsl.core.text import text
from netdsl.runs.about import EpochSummary, RunAbout, conforms, read_about

DEEPEST = 4
"""How many folders down a run may lie."""


@dataclass(frozen=True)
class Listed:
    """A run as a list of runs shows it."""

    path: Path
    about: RunAbout

    @property
    def criterion(self) -> str:
        """The value by which its epochs are compared."""
        return self.about.get("criterion", "loss")

    @property
    def best(self) -> EpochSummary:
        """The best epoch; empty where none has ended."""
        return self.about.get("result", {}).get("best", {})

    @property
    def value(self) -> float | None:
        """The best value of the criterion."""
        return self.best.get(f"test/{self.criterion}")

    @property
    def order(self) -> tuple[str, int, float, str]:
        """The key to sort runs by: those with one criterion together, the best first, those without a result last."""
        if self.value is None:
            return (self.criterion, 1, 0.0, str(self.path))
        return (self.criterion, 0, -self.value if self.about.get("highest") else self.value, str(self.path))

    @property
    def metrics_file(self) -> Path:
        """The file of what was logged."""
        return self.path / "metrics.jsonl"

    @property
    def has_lost_metrics(self) -> bool:
        """Whether an epoch has ended, but the file of what was logged is gone."""
        return bool(self.best) and not self.metrics_file.exists()

    def curve(self, name: str) -> list[tuple[float, float]]:
        """The values of a metric over the steps; raises what `read_metrics` raises."""
        return [(line["step"], line[name]) for line in self.read_metrics() if name in line]

    def read_metrics(self) -> list[dict[str, float]]:
        """What was logged, a mapping a step; empty where nothing was.

        Raises:
            TrainingError: the file cannot be read, or is damaged in other places than its end.
        """
        file = self.metrics_file
        if not file.exists():
            return []
        try:
            lines = require_regular(file).read_text("utf-8").splitlines()
            # A run that is going on, or was killed, may end in half a line.
            found = [json.loads(line) for line in lines if line.endswith("}")]
        except OSError as error:
            raise TrainingError(text("cannot read `{file}`: {reason}", file=file, reason=reason(error))) from error
        except (ValueError, RecursionError) as error:
            raise TrainingError(text("`{file}` is damaged: {reason}", file=file, reason=error)) from error
        if not all(conforms(line, dict[str, float]) and "step" in line for line in found):
            raise TrainingError(text("`{file}` is damaged: a line holds other things than numbers", file=file))
        return found

    def read_net(self) -> str:
        """The text that was run; `OSError` where it cannot be read."""
        return require_regular(self.path / "run.net").read_text("utf-8", "replace")


def find_runs(folder: Path) -> tuple[list[Listed], list[Path]]:
    """Every run in a folder, the best first, and the folders whose `run.json` cannot be read."""
    runs, damaged = [], []
    for path in _folders(folder, DEEPEST):
        try:
            runs.append(read_run(path))
        except (OSError, ValueError):
            damaged.append(path)
    return sorted(runs, key=lambda run: run.order), damaged


def read_run(path: Path) -> Listed:
    """The run in a folder; `OSError` or `ValueError` where there is none."""
    return Listed(path, read_about(path))


Defaults = tuple[Mapping[str, str], Mapping[str, str]]
"""What the settings of two runs are where they were not overridden, by name."""


def differences(one: Listed, other: Listed, defaults: Defaults = ({}, {})) -> list[str]:
    """What the runs do not have in common: settings, and lines of their texts."""
    left, right = dict(_settings(one.about)), dict(_settings(other.about))
    lines = [
        f"{name}: {left.get(name, defaults[0].get(name, '-'))} | {right.get(name, defaults[1].get(name, '-'))}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]
    before, after = (run.read_net().splitlines() for run in (one, other))
    diff = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    return lines + [line for line in diff if not line.startswith("@@")]


def _settings(about: RunAbout) -> Iterator[tuple[str, str]]:
    source = about.get("source", {})
    overrides = cast("Mapping[str, object]", source.get("overrides", {}))
    for group in (about.get("speed", {}), about.get("versions", {}), overrides):
        yield from ((name, str(value)) for name, value in group.items())
    yield "device", str(about.get("device"))
    yield "seed", str(about.get("seed"))
    yield "variant", str(source.get("variant") or "none")


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    if (folder / "run.json").is_file():
        yield folder
    elif depth and folder.is_dir():
        for path in sorted(path for path in folder.iterdir() if path.is_dir()):
            yield from _folders(path, depth - 1)
