"""What a run has learnt of its training part, kept in `run.json`, so that whatever comes later is treated alike."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TypedDict, cast, get_args

from netdsl.builtins.files import Level
from netdsl.builtins.files.vocabulary import Vocabulary
from netdsl.components.experiment import Facts, TargetScale
from netdsl.data.samples import Feature, Learnt, LearntInput
from netdsl.runs.about import KnownColumn, KnownFacts, KnownInput, KnownScale, KnownVocabulary, read_about


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
                "input": column.input,
            }
            for column in learnt.columns
        ],
        "scale": None if scale is None else {"logarithm": scale.logarithm, "mean": scale.mean, "std": scale.std},
        "targets": learnt.targets,
        "vocabulary": _describe_vocabulary(vocabulary),
    }


def describe_inputs(learnt: Learnt, facts: Facts) -> list[KnownInput]:
    """What `run.json` keeps of several inputs."""
    return [
        {
            "name": one.name,
            "shape": tuple(known.shape or ()),
            "mean": one.mean,
            "std": one.std,
            "vocabulary": _describe_vocabulary(one.vocabulary),
        }
        for one, known in zip(learnt.inputs, facts.inputs, strict=False)
    ]


def _describe_vocabulary(vocabulary: Vocabulary | None) -> KnownVocabulary | None:
    if vocabulary is None:
        return None
    return {"level": vocabulary.level, "tokens": vocabulary.tokens, "pieces": vocabulary.pieces}


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
            column.get("input", ""),
        )
        for column in known["columns"]
    )
    mean, std = tuple(known.get("mean") or ()), tuple(known.get("std") or ())
    targets, vocabulary = tuple(known.get("targets", ())), read_vocabulary(known.get("vocabulary"))
    inputs = tuple(
        LearntInput(one["name"], tuple(one["mean"]), tuple(one["std"]), read_vocabulary(one["vocabulary"]))
        for one in known.get("inputs", ())
    )
    return Learnt(columns, read_scale(known.get("scale")), targets, mean, std, vocabulary, inputs)


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
