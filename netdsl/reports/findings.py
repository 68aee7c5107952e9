"""`last_test.json`: what the last look at a net in training has found: samples, confusions, the state of its layers.

The curves are not in here, since `metrics.jsonl` has them. Reading it needs no torch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict, cast

from netdsl.core.files import require_regular, write_atomically
from netdsl.runs.about import conforms

FILE = "last_test.json"


class ShownSample(TypedDict, total=False):
    """A sample of the test set, and what the net says of it.

    `number` is its place in the test set; `true` and `predicted` are the number of a class, or the numbers of a target.
    `sure` is the probability that the net gave to its answer; where each place has a class, the share of places that it
    is right about. `picture` is an address that holds the whole image, `values` what a table or a text has. Where each
    pixel has a class, `true_mask` and `predicted_mask` are the image with these classes over it.
    """

    number: int | None
    true: list[float]
    predicted: list[float]
    sure: float
    picture: str
    true_mask: str
    predicted_mask: str
    values: list[float]


class Numbers(TypedDict):
    """How the numbers of a tensor lie: mean, deviation, and the largest size."""

    mean: float
    std: float
    largest: float


class LayerState(TypedDict, total=False):
    """A statement of the net, and how the layer that it writes is.

    `dead` are those of its `units` that gave 0 for every sample that was looked at.
    """

    path: str
    written: str
    line: int
    params: int
    weights: Numbers
    gradients: Numbers
    dead: int
    units: int


class EpochPace(TypedDict):
    """How fast an epoch was: training samples a second, and seconds."""

    epoch: int
    rate: float
    seconds: float


class Findings(TypedDict, total=False):
    """What the file holds.

    `kind` is what the targets are: `classes`, `numbers`, or `places` of which each has a class. `tested` samples were
    looked at, of which `wrong` were mistakes. `confusion` has true classes in rows, predicted ones in columns. `looked`
    counts the training samples that the gradients and the units are of.
    """

    epoch: int
    step: int
    kind: str
    tested: int
    wrong: int
    names: list[str]
    columns: list[str]
    confusion: list[list[int]]
    worst: list[ShownSample]
    random: list[ShownSample]
    scatter: list[list[float]]
    layers: list[LayerState]
    looked: int
    paces: list[EpochPace]
    learned: str


def write_findings(folder: Path, findings: Findings) -> None:
    """Writes the file in one step; `OSError` where the disk refuses."""
    write_atomically(folder / FILE, json.dumps(findings, separators=(",", ":")).encode())


def read_findings(folder: Path) -> Findings | None:
    """What the file of a run's folder says; None where it has none, `OSError` or `ValueError` where it is damaged."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        found = json.loads(require_regular(path).read_text("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not conforms(found, Findings):
        raise ValueError("it holds other values than a test leaves")
    return cast("Findings", found)
