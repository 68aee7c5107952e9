"""The runs of a cross-validation, one a fold, and what they come to together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

from netdsl.core.errors import TrainingError
from netdsl.core.text import text
from netdsl.runs.about import read_about
from netdsl.runs.files import write_json
from netdsl.runs.source import RunSource, read_source_of

FILE = "folds.json"
TEST = "test/"


class FoldedValue(NamedTuple):
    """The loss, or a metric, of each fold after its last epoch, their mean and their standard deviation."""

    name: str
    values: tuple[float, ...]
    mean: float
    deviation: float


def fold_folder(folder: Path, fold: int) -> Path:
    """Where the run of a fold is, counted from 1."""
    return folder / f"fold-{fold}"


def is_finished(run: Path, net: str, described: RunSource) -> bool | None:
    """Whether the run of a fold has ended; None where it has not begun.

    Raises:
        TrainingError: the folder holds the run of another net, or with other settings.
    """
    if not (run / "run.json").exists():
        return None
    source, kept = read_source_of(run)
    if source.text != net or kept["overrides"] != described["overrides"] or kept["variant"] != described["variant"]:
        raise TrainingError(
            text("`{folder}` holds a run of another net, or with other settings", folder=run), "choose another folder"
        )
    return read_about(run).get("status") == "finished"


def summarize_folds(folder: Path, folds: int) -> list[FoldedValue]:
    """What the runs of all folds come to, which is written into the folder too."""
    last = [read_about(fold_folder(folder, fold)).get("result", {}).get("last", {}) for fold in range(1, folds + 1)]
    found = [_fold(name.removeprefix(TEST), last, name) for name in last[0] if name.startswith(TEST)]
    write_json(folder / FILE, [value._asdict() for value in found])
    return found


def _fold(name: str, results: Sequence[Mapping[str, float]], key: str) -> FoldedValue:
    # A value that is not finite is not in the summary of its epoch.
    values = tuple(result[key] for result in results if key in result)
    return FoldedValue(name, values, fmean(values), stdev(values) if len(values) > 1 else 0.0)
