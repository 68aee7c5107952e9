"""What a run has learnt of its training part, kept in `run.json`, so that whatever comes later is treated alike."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TypedDict, cast, get_args

from netdsl.builtins.files import Level
from netdsl.builtins.files.vocabulary import Vocabulary
from netdsl.components.experiment import TargetScale
from netdsl.data.samples import Feature, Learnt
from netdsl.runs.about import KnownColumn, KnownFacts, KnownScale, KnownVocabulary, read_about


class KnownLearnt(TypedDict):
    """The part of `KnownFacts` that is learnt, besides mean and deviation."""

    columns: list[KnownColumn]
    scale: KnownScale | None
    targets: tuple[str, ...]
    vocabulary: KnownVocabulary | None


def describe_learnt(learnt: Learnt) -> KnownLearnt:
    """What `run.json` keeps of it."""
    scale, vocabulary = learnt.scale, learnt.vocabulary
    return {
        "columns": [
            {
                "name": column.name,
                "categories": column.categories,
                "unseen": column.unseen,
                "fill": column.fill,
                "flag": column.flag,
                "is_index": column.is_index,
            }
            for column in learnt.columns
        ],
        "scale": None if scale is None else {"logarithm": scale.logarithm, "mean": scale.mean, "std": scale.std},
        "targets": learnt.targets,
        "vocabulary": None
        if vocabulary is None
        else {"level": vocabulary.level, "tokens": vocabulary.tokens, "pieces": vocabulary.pieces},
    }


def read_learnt(known: KnownFacts) -> Learnt | None:
    """What `run.json` says was learnt; None where it does not say so, as of older runs."""
    if "columns" not in known:
        return None
    columns = tuple(
        Feature(
            column["name"],
            tuple(column["categories"]),
            tuple(column.get("unseen", ())),
            column.get("fill"),
            column.get("flag", False),
            column.get("is_index", False),
        )
        for column in known["columns"]
    )
    mean, std = tuple(known.get("mean") or ()), tuple(known.get("std") or ())
    targets, vocabulary = tuple(known.get("targets", ())), read_vocabulary(known.get("vocabulary"))
    return Learnt(columns, read_scale(known.get("scale")), targets, mean, std, vocabulary)


def find_learnt(run: Path) -> Learnt | None:
    """What the run at a path has learnt, or the run of the checkpoint there; None where there is no run."""
    root = run.parent.parent if run.suffix == ".safetensors" else run
    with suppress(OSError, ValueError):
        return read_learnt(read_about(root).get("data", {}))
    return None


def read_scale(known: KnownScale | None) -> TargetScale | None:
    """The scale of the targets."""
    return None if known is None else TargetScale(known["logarithm"], tuple(known["mean"]), tuple(known["std"]))


def read_vocabulary(known: KnownVocabulary | None) -> Vocabulary | None:
    """The tokens of a text; None where a level is none that there is."""
    if known is None or known["level"] not in get_args(Level):
        return None
    return Vocabulary(cast("Level", known["level"]), tuple(known["tokens"]), known.get("pieces", ""))
