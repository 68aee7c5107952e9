"""The loader of texts that have a class or a number each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from netdsl.builtins.files.labelled_texts import Encoding, LabelledTexts, TextCollection, count_entries, find_vocabulary
from netdsl.builtins.files.vocabulary import PADDING, UNKNOWN, Vocabulary, learn_pieces
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.samples import Learnt, Splits, Tensors

PAD, UNKNOWN_NUMBER = 0, 1
"""The number of the token that fills up, which stands behind the end of a text only, and of what is unknown."""


def text_splits(path: Path, found: TextCollection, encoding: Encoding) -> Splits:
    """Texts as the numbers of their tokens, cut off or filled up to one length."""
    if encoding.level == "bpe":
        vocabulary = learn_pieces(found.texts, count_entries(found.texts, encoding), (PADDING,))
    else:
        vocabulary = find_vocabulary(found.texts, encoding)
    train, test = (
        part and Tensors(pad(map(vocabulary.encode, part.texts), encoding.length), _targets(part))
        for part in (found.train, found.test)
    )
    assert train is not None
    encode = partial(_forget_unseen, path, vocabulary, found.targets)
    return Splits(train, test, names=found.classes, encode=encode)


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
    seen = torch.unique(parts[0].only)
    if vocabulary.level != "bpe":
        is_unseen = torch.ones(len(vocabulary.tokens), dtype=torch.bool).index_fill(0, seen, value=False)
        numbers = torch.arange(len(vocabulary.tokens)).masked_fill(is_unseen, UNKNOWN_NUMBER)
        numbers[PAD] = PAD
        train, test = (Tensors(numbers[part.only], part.y) for part in parts)
        parts = (train, test)
        unseen = set(is_unseen.nonzero().flatten().tolist())
        unseen -= {PAD, UNKNOWN_NUMBER}
        tokens = tuple(UNKNOWN if number in unseen else token for number, token in enumerate(vocabulary.tokens))
        vocabulary = vocabulary._replace(tokens=tokens)
    if known is not None and known.vocabulary != vocabulary:
        raise DataError(
            text("`{file}` has other tokens than the texts that the net was trained on", file=path.name),
            "give the texts as they were",
        )
    return parts, Learnt(vocabulary=vocabulary, targets=targets)


def _targets(part: LabelledTexts) -> Tensor:
    targets = torch.tensor(part.labels)
    return targets[:, 0] if targets.dim() > 1 and targets.shape[1] == 1 else targets
