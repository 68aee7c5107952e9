"""Runs side by side, by what their folders say; torch is not needed for that."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEEPEST = 4
"""How many folders down a run may lie."""


@dataclass(frozen=True)
class Listed:
    """A run as a list of runs shows it."""

    path: Path
    about: Mapping[str, Any]

    @property
    def criterion(self) -> str:
        """By which value its epochs are compared."""
        return str(self.about.get("criterion", "loss"))

    @property
    def best(self) -> Mapping[str, Any]:
        """The best epoch."""
        best: Mapping[str, Any] = self.about.get("result", {}).get("best", {})
        return best

    @property
    def value(self) -> float | None:
        """The best value of the criterion."""
        return self.best.get(f"test/{self.criterion}")

    @property
    def order(self) -> tuple[Any, ...]:
        """Runs with one criterion stand together, the best first, those without a result last."""
        if self.value is None:
            return (self.criterion, 1, 0.0, str(self.path))
        return (self.criterion, 0, -self.value if self.about.get("highest") else self.value, str(self.path))

    def curve(self, name: str) -> list[tuple[float, float]]:
        """The values of a metric over the steps."""
        lines = (self.path / "metrics.jsonl").read_text("utf-8").splitlines()
        found = (json.loads(line) for line in lines if line.endswith("}"))
        return [(line["step"], line[name]) for line in found if name in line]


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
    about = json.loads((path / "run.json").read_text("utf-8"))
    if not isinstance(about, dict):
        raise ValueError("run.json holds no object")
    return Listed(path, about)


def differences(one: Listed, other: Listed) -> list[str]:
    """What the runs do not have in common: settings, and lines of their texts."""
    left, right = dict(_settings(one.about)), dict(_settings(other.about))
    lines = [
        f"{name}: {left.get(name, '-')} | {right.get(name, '-')}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    ]
    before, after = ((run.path / "run.net").read_text("utf-8").splitlines() for run in (one, other))
    diff = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    return lines + [line for line in diff if not line.startswith("@@")]


def _settings(about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    source = about.get("source", {})
    for group in (about.get("speed", {}), about.get("versions", {}), source.get("overrides", {})):
        yield from ((name, str(value)) for name, value in group.items())
    for name in ("device", "seed"):
        yield name, str(about.get(name))
    yield "variant", str(source.get("variant"))


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    if (folder / "run.json").is_file():
        yield folder
    elif depth and folder.is_dir():
        inner: Sequence[Path] = sorted(path for path in folder.iterdir() if path.is_dir())
        for path in inner:
            yield from _folders(path, depth - 1)
