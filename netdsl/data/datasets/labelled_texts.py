"""The loader of texts that have a class or a number each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from netdsl.builtins.files.labelled_texts import Encoding, LabelledTexts, TextCollection, count_entries, find_vocabulary
from netdsl.builtins.files.vocabulary import BEGIN, END, PADDING, UNKNOWN, Vocabulary, learn_pieces
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.samples import Learnt, Splits, Tensors

SPECIAL = frozenset({PADDING, UNKNOWN, BEGIN, END})
PAD, UNKNOWN_NUMBER = 0, 1
"""The number of the token that fills up, which stands behind the end of a text only, and of what is unknown."""


def text_splits(path: Path, found: TextCollection, encoding: Encoding) -> Splits:
    """Texts as the numbers of their tokens, cut off or filled up to one length."""
    vocabulary = make_vocabulary(found.texts, encoding)
    train, test = (
        part and Tensors(pad(map(vocabulary.encode, part.texts), encoding.length), _targets(part))
        for part in (found.train, found.test)
    )
    assert train is not None
    encode = partial(_forget_unseen, path, vocabulary, found.targets)
    return Splits(train, test, names=found.classes, encode=encode)


def make_vocabulary(texts: tuple[str, ...], encoding: Encoding) -> Vocabulary:
    """The tokens of texts."""
    if encoding.level == "bpe":
        first = (PADDING, UNKNOWN, BEGIN, END) if encoding.is_written else (PADDING,)
        return learn_pieces(texts, count_entries(texts, encoding), first)
    return find_vocabulary(texts, encoding)


def pad(texts: Iterable[Sequence[int]], length: int) -> Tensor:
    """Tokens as rows of one length; a text without any has one that is unknown, for a net must see something."""
    rows = [torch.tensor([*(tokens[:length] or [UNKNOWN_NUMBER])]) for tokens in texts]
    padded = torch.full((len(rows), length), PAD)
    for row, tokens in zip(padded, rows, strict=True):
        row[: len(tokens)] = tokens
    return padded


def _forget_unseen(
    path: Path,
    vocabulary: Vocabulary,
    targets: tuple[str, ...],
    parts: tuple[Tensors, Tensors],
    known: Learnt | None,
) -> tuple[tuple[Tensors, Tensors], Learnt]:
    """The parts with what no training text holds as unknown: no entry of an embedding is learnt for it."""
    numbers, vocabulary = number_seen(vocabulary, parts[0].only)
    if known is not None:
        require_same_tokens(path, vocabulary, known.vocabulary)
    train, test = (Tensors(numbers[part.only], part.y) for part in parts)
    parts = (train, test)
    return parts, Learnt(vocabulary=vocabulary, targets=targets)


def number_seen(vocabulary: Vocabulary, seen: Tensor) -> tuple[Tensor, Vocabulary]:
    """The number of each token, where what is not among the seen ones is unknown; and the vocabulary that says so."""
    numbers = torch.arange(len(vocabulary.tokens))
    if vocabulary.level == "bpe":
        return numbers, vocabulary
    is_special = torch.tensor([token in SPECIAL for token in vocabulary.tokens])
    is_unseen = torch.ones(len(numbers), dtype=torch.bool).index_fill(0, torch.unique(seen), value=False) & ~is_special
    tokens = [UNKNOWN if hidden else token for token, hidden in zip(vocabulary.tokens, is_unseen.tolist(), strict=True)]
    return numbers.masked_fill(is_unseen, UNKNOWN_NUMBER), vocabulary._replace(tokens=tuple(tokens))


def require_same_tokens(path: Path, vocabulary: Vocabulary, known: Vocabulary | None) -> None:
    """Raises `DataError` for texts whose tokens have other numbers than those that a net was trained on."""
    if known != vocabulary:
        raise DataError(
            text("`{file}` has other tokens than the texts that the net was trained on", file=path.name),
            "give the texts as they were",
        )


def _targets(part: LabelledTexts) -> Tensor:
    targets = torch.tensor(part.labels)
    return targets[:, 0] if targets.dim() > 1 and targets.shape[1] == 1 else targets
