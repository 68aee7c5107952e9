"""`run.json`: what a run says of itself. Reading it needs no torch."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, NotRequired, TypedDict, TypeGuard, cast, get_args, get_origin, get_type_hints, is_typeddict

from netdsl.core.files import require_regular
from netdsl.core.sizes import Shape
from netdsl.core.text import text

CARRIED = "run"
"""The key in the header of a file of weights under which it tells of its run."""

EpochSummary = dict[str, float]
"""`epoch`, its number, and the values of its curves."""


class EpochResults(TypedDict, total=False):
    """The best epoch and the last; none of them before the first epoch has ended."""

    best: EpochSummary
    last: EpochSummary


class Speed(TypedDict):
    """How the run uses the machine, which resuming must repeat to come to the same bits."""

    layout: str
    test_batch: int
    lanes: NotRequired[int]


class KnownColumn(TypedDict):
    """A column of a table, as `netdsl.data.samples.Feature` has it; without categories it holds numbers."""

    name: str
    categories: tuple[str, ...]
    unseen: NotRequired[tuple[str, ...]]
    fill: NotRequired[float | None]
    flag: NotRequired[bool]
    is_index: NotRequired[bool]
    input: NotRequired[str]


class KnownScale(TypedDict):
    """The scale of the targets, as `netdsl.components.experiment.TargetScale` has it."""

    logarithm: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]


class KnownVocabulary(TypedDict):
    """The tokens of a text, as `netdsl.builtins.files.vocabulary.Vocabulary` has them."""

    level: str
    tokens: tuple[str, ...]
    pieces: NotRequired[str]


class KnownInput(TypedDict):
    """One of several inputs: its shape, the mean and the deviation of its channels, and the tokens of a text."""

    name: str
    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    vocabulary: KnownVocabulary | None


class DeclaredInput(TypedDict):
    """What the data set told of one of several inputs, as `netdsl.components.experiment.InputFacts` has it."""

    name: str
    shape: list[int | str] | None
    dtype: str
    indices: int | None
    padded: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]


class DeclaredFacts(TypedDict):
    """What the data set told of itself before it was read, as `netdsl.components.Facts` has it."""

    input: list[int | str] | None
    classes: int | None
    target: list[int | str]
    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    sizes: tuple[int, int] | None
    dtype: str
    indices: int | None
    padded: bool
    predicts_next: NotRequired[bool]
    inputs: NotRequired[list[DeclaredInput]]
    writes: NotRequired[str]


class KnownFacts(TypedDict, total=False):
    """What was found out about the data when they were read; `unit` is the stored value that stands for 1."""

    declared: DeclaredFacts | None

    input: Shape | None
    classes: int | None
    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    sizes: tuple[int, int] | None
    unit: float
    columns: list[KnownColumn]
    scale: KnownScale | None
    targets: tuple[str, ...]
    vocabulary: KnownVocabulary | None
    inputs: list[KnownInput]


class RunAbout(TypedDict, total=False):
    """What `run.json` holds.

    `launch` is the launcher's name for the job; `source` is where the text came from, and its settings; `init` is the
    file or the run whose weights it began with, and `first_weights` what was taken over of them; `skipped` are the
    images that were left out.
    """

    versions: dict[str, str]
    platform: str
    command: list[str]
    started: str
    name: str
    device: str
    seed: int
    launch: str
    source: Mapping[str, object]
    init: str
    first_weights: str
    speed: Speed
    data: KnownFacts
    status: str
    seconds: float
    criterion: str
    highest: bool
    result: EpochResults
    skipped: list[str]


def cpu_in_words(threads: int) -> str:
    """`cpu, 2 threads`."""
    return text("cpu, {threads} thread" if threads == 1 else "cpu, {threads} threads", threads=threads)


def device_in_words(about: RunAbout) -> str:
    """The device of a run, in the language that is spoken; the file has it in English."""
    name = about.get("device", "")
    threads = re.fullmatch(r"cpu, (\d{1,6}) threads?", name)
    return cpu_in_words(int(threads[1])) if threads else name


def read_about(folder: Path) -> RunAbout:
    """What the `run.json` of a folder says; `OSError` or `ValueError` where there is none that can be read."""
    try:
        about = json.loads(require_regular(folder / "run.json").read_text("utf-8"))
    except RecursionError:
        raise ValueError("run.json is nested too deeply") from None
    if not is_about(about):
        raise ValueError("run.json holds other values than a run's")
    return about


def is_about(value: object) -> TypeGuard[RunAbout]:
    """Whether a value that JSON gave is what `run.json` may hold."""
    return conforms(value, RunAbout) and all(map(math.isfinite, _epochs(cast("RunAbout", value))))


def _epochs(about: RunAbout) -> list[float]:
    result = about.get("result", {})
    return [summary.get("epoch", 0) for summary in (result.get("best", {}), result.get("last", {}))]


def _required(kind: Any) -> set[str]:
    """The keys that a `TypedDict` must have; `__required_keys__` cannot read annotations that are texts."""
    hints = get_type_hints(kind, include_extras=True) if kind.__total__ else {}
    return {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}


def conforms(value: object, kind: Any) -> bool:
    """Whether a value that JSON gave is of a type; of a `TypedDict`, keys that are not declared may stand there too."""
    if is_typeddict(kind):
        fields = get_type_hints(kind)
        return (
            isinstance(value, dict)
            and _required(kind) <= value.keys()
            and all(conforms(value[name], fields[name]) for name in fields.keys() & value.keys())
        )
    arguments = get_args(kind)
    match get_origin(kind) or kind:
        case origin if origin is UnionType:
            return any(conforms(value, one) for one in arguments)
        case origin if origin in (dict, Mapping):
            return isinstance(value, dict) and all(conforms(one, arguments[1]) for one in value.values())
        case origin if origin is list or (origin is tuple and arguments[-1] is ...):
            return isinstance(value, list) and all(conforms(one, arguments[0]) for one in value)
        case origin if origin is tuple:
            return isinstance(value, list) and len(value) == len(arguments) and all(map(conforms, value, arguments))
        case origin if origin is float:
            return type(value) in (int, float)
        case origin if origin is int:
            return type(value) is int
        case origin:
            return isinstance(value, origin)
