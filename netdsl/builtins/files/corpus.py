"""A text for a language model: its tokens, and how they are cut into samples."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from netdsl.builtins.files import Level
from netdsl.builtins.files.text_files import read_files, shipped_text, text_files
from netdsl.builtins.files.vocabulary import (
    BYTES,
    MOST_WORDS,
    PIECES,
    Vocabulary,
    choose_tokens,
    count_tokens,
    require_tokenizers,
)
from netdsl.components import Refusal
from netdsl.core.text import ntext, text


class TextOptions(NamedTuple):
    """How a text is read, as the `data` line says it."""

    level: Level = "char"
    length: int = 64
    vocab: int | None = None
    encoding: str = "utf-8"


class Corpus(NamedTuple):
    """A text read.

    Args:
        written: the text.
        vocabulary: its tokens; None where byte pair encoding is yet to find them.
        size: how many tokens a vocabulary has, at most where it is not known yet.
    """

    written: str
    vocabulary: Vocabulary | None
    size: int


def read_corpus(path: Path, options: TextOptions) -> Corpus:
    """Reads a text; raises `Refusal` for what cannot be understood, `OSError` where a file cannot be read."""
    files = text_files(path)
    states = tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    return _read(path.name, files, states, options)


@lru_cache(maxsize=2)  # a text is checked and then loaded, and an editor checks it at every key press
def _read(name: str, files: tuple[Path, ...], _states: tuple[tuple[int, int], ...], options: TextOptions) -> Corpus:
    written = read_files(files, options.encoding) if files else shipped_text(name)
    level, length = options.level, options.length
    if level == "bpe":
        require_tokenizers()
        size = options.vocab or PIECES
        if size < BYTES:
            raise Refusal(
                text("`vocab` is {size}, but byte pair encoding begins with {bytes} bytes", size=size, bytes=BYTES),
                "vocab",
            )
        # How many pieces the text has is known once it is cut; characters are the most that there can be.
        require_samples(len(written.encode()), length, name)
        return Corpus(written, None, size)
    counts = count_tokens(written, level)
    require_samples(counts.total(), length, name)
    limit = options.vocab or (None if level == "char" else MOST_WORDS)
    vocabulary = choose_tokens(counts, level, limit)
    return Corpus(written, vocabulary, len(vocabulary.tokens))


def count_samples(tokens: int, length: int) -> int:
    """How many samples a text has: the last token is a target only."""
    return (tokens - 1) // length


def require_samples(tokens: int, length: int, name: str) -> None:
    """Refuses a text that is too short for a sample to train on and one to test."""
    if tokens == 0:
        raise Refusal(text("`{file}` is empty", file=name), "path")
    if count_samples(tokens, length) < 2:
        raise Refusal(
            ntext(
                "`{file}` has {count} token, but two samples of `length={length}` take {wanted}",
                "`{file}` has {count} tokens, but two samples of `length={length}` take {wanted}",
                count=tokens,
                file=name,
                length=length,
                wanted=2 * length + 1,
            ),
            "length",
            text("write `length={length}` or less, or give a longer text", length=(tokens - 1) // 2)
            if tokens > 2
            else "give a longer text",
        )
