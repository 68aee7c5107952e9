"""The loaders of texts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch

from netdsl.builtins.files import Level
from netdsl.builtins.files.corpus import TextOptions, count_samples, read_corpus, require_samples
from netdsl.builtins.files.vocabulary import Vocabulary, learn_pieces
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.samples import Learnt, Splits, Tensors


def load_corpus(
    root: Path,
    path: Path,
    level: Level = "char",
    length: int = 64,
    vocab: int | None = None,
    stateful: bool = False,
    encoding: str = "utf-8",
) -> Splits:
    """Cuts a text into samples of `length` tokens; the targets are the tokens that follow each."""
    found = read_corpus(path, TextOptions(level, length, vocab, encoding))
    vocabulary = found.vocabulary or learn_pieces([found.written], found.size)
    tokens = torch.tensor(vocabulary.encode(found.written))
    require_samples(len(tokens), length, path.name)
    samples = count_samples(len(tokens), length)
    # Both are views of one memory.
    x, y = (tokens[start : start + samples * length].view(samples, length) for start in (0, 1))
    return Splits(Tensors(x, y), encode=partial(_require_same, path, vocabulary), in_order=True, carry=stateful)


def _require_same(
    path: Path, vocabulary: Vocabulary, parts: tuple[Tensors, Tensors], known: Learnt | None
) -> tuple[tuple[Tensors, Tensors], Learnt]:
    """The parts as they are; refuses a text whose tokens have other numbers than an earlier run has given them."""
    if known is not None and known.vocabulary != vocabulary:
        raise DataError(
            text("`{file}` has other tokens than the text that the net was trained on", file=path.name),
            "give the text as it was",
        )
    return parts, Learnt(vocabulary=vocabulary)
