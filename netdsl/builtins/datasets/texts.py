"""Texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from netdsl.builtins.files.vocabulary import Level
from netdsl.components import Facts, dataset
from netdsl.core.ranges import AtLeast, Count


@dataset("netdsl.data.datasets.texts:load_corpus", name="text", example="data text python_docs length=64 batch=32")
def corpus(
    path: Path,
    *,
    level: Level = "char",
    length: Count = 64,
    vocab: Annotated[int | None, AtLeast(2)] = None,
    stateful: bool = False,
    encoding: str = "utf-8",
) -> Facts:
    """A text for a language model, a file or all files of a folder: each token is predicted from those before it.

    A sample is `length` tokens, and its target the tokens one further on. `level` says what a token is: a character, a
    word (in small letters, signs by themselves, each Chinese character by itself), or a piece of byte pair encoding,
    which needs the package `tokenizers`. `vocab` is the most tokens that there are, in place of the rarer ones stands
    `<unk>`; left out, all characters, 10,000 words, 2,000 pieces. The end of the text is held out to test.

    `stateful` lays batches out so that sample i of a batch continues sample i of the one before, and `lstm`, `gru` and
    `rnn` begin with the state that they ended with.

    `python_docs` is the documentation of Python's syntax, real English that every Python brings along; `nets` are nets
    in this language: those of the library, the examples and random ones.
    """
    from netdsl.builtins.files.corpus import TextOptions, read_corpus

    tokens = read_corpus(path, TextOptions(level, length, vocab, encoding)).size
    return Facts((length,), tokens, target=(length,), dtype="index", indices=tokens)
