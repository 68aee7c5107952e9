"""Texts that have a class or a number each: files in a folder for each class, or a column of a table."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from netdsl.builtins.files import Level
from netdsl.builtins.files.csv_tables import TableOptions, read_table
from netdsl.builtins.files.text_files import read_file
from netdsl.builtins.files.vocabulary import (
    BEGIN,
    BYTES,
    END,
    MOST_WORDS,
    PADDING,
    PIECES,
    UNKNOWN,
    Vocabulary,
    choose_tokens,
    count_tokens,
    require_tokenizers,
)
from netdsl.components import Refusal
from netdsl.core.text import text


class Encoding(NamedTuple):
    """How texts become tokens, as the `data` line says it; whether the net writes them itself."""

    level: Level = "word"
    length: int = 200
    vocab: int | None = None
    is_written: bool = False

    @property
    def first_tokens(self) -> tuple[str, ...]:
        """The tokens that come before those of the texts; a text that a net writes has a beginning and an end."""
        return (PADDING, UNKNOWN, BEGIN, END) if self.is_written else (PADDING, UNKNOWN)


class LabelledTexts(NamedTuple):
    """Texts of one part.

    Args:
        texts: what is written.
        labels: the number of each one's class, or the numbers of its target.
    """

    texts: tuple[str, ...]
    labels: tuple[int, ...] | tuple[tuple[float, ...], ...]


class TextCollection(NamedTuple):
    """Texts to train on and to test (None: to be split off).

    Args:
        classes: their names; none where the targets are numbers.
        targets: what the columns of the targets are called.
    """

    train: LabelledTexts
    test: LabelledTexts | None
    classes: tuple[str, ...]
    targets: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts of both parts."""
        return (*self.train.texts, *(self.test.texts if self.test else ()))


def read_text_folder(train: Path, test: Path | None, classes: tuple[str, ...], encoding: str) -> TextCollection:
    """The texts below class folders, in the order of class and name; raises `Refusal` for a file that is no text."""

    def part(folder: Path) -> LabelledTexts:
        files = [(file, label) for label, name in enumerate(classes) for file in sorted((folder / name).rglob("*.txt"))]
        return LabelledTexts(tuple(read_file(file, encoding) for file, _ in files), tuple(label for _, label in files))

    return TextCollection(part(train), part(test) if test else None, classes)


def read_text_column(path: Path, column: str, options: TableOptions) -> TextCollection:
    """The texts of a column of a table; raises `Refusal` for a table that cannot be understood."""
    table = read_table(path, options._replace(ids=column))
    texts = table.features[0].cells
    names = tuple(target.name for target in table.targets)
    if table.classes:
        return TextCollection(LabelledTexts(texts, tuple(table.labels)), None, table.classes, names)
    numbers = tuple(zip(*(target.values for target in table.targets), strict=True))
    return TextCollection(LabelledTexts(texts, numbers), None, (), names)


def count_entries(texts: tuple[str, ...], encoding: Encoding) -> int:
    """How many tokens the texts have, padding and what is unknown among them; of pieces, at most."""
    if encoding.level == "bpe":
        require_tokenizers()
        size = encoding.vocab or PIECES
        if size <= BYTES:
            raise Refusal(
                text("`vocab` is {size}, but byte pair encoding begins with {bytes} bytes", size=size, bytes=BYTES),
                "vocab",
            )
        return size
    return len(find_vocabulary(texts, encoding).tokens)


@lru_cache(maxsize=4)  # texts are checked and then loaded
def find_vocabulary(texts: tuple[str, ...], encoding: Encoding) -> Vocabulary:
    """The characters or words of texts, numbered behind padding and what is unknown."""
    counts: Counter[str] = Counter()
    for written in texts:
        counts.update(count_tokens(written, encoding.level))
    limit = encoding.vocab or (None if encoding.level == "char" else MOST_WORDS)
    return choose_tokens(counts, encoding.level, limit, encoding.first_tokens)
