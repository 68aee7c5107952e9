"""Texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from netdsl.builtins.files import Level
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
    """A text for a language model, a file or all files of a folder: the net predicts each token from those before it.

    A sample has `length` tokens. Its target has the tokens one place further. The end of the text is kept for testing.

    `level` says what a token is: a character; a word in small letters, a sign or a Chinese character; or a piece of a
    word, found by byte pair encoding, which needs the package `tokenizers`. `vocab` is the largest number of tokens:
    `<unk>` stands for rarer ones. Left out, it is all characters, 10,000 words or 2,000 pieces.

    With `stateful`, sample i of a batch continues sample i of the batch before it. `lstm`, `gru` and `rnn` then begin
    with the state that they ended with.

    `python_docs` is the documentation of Python's syntax, in English, which every Python has. `nets` are nets in this
    language: those of the library and the examples, and random ones.
    """
    from netdsl.builtins.files.corpus import TextOptions, read_corpus

    tokens = read_corpus(path, TextOptions(level, length, vocab, encoding)).size
    return Facts((length,), tokens, target=(length,), dtype="index", indices=tokens, predicts_next=True)
