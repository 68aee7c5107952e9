"""Texts as numbers: the tokens of a text, and the vocabulary that numbers them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.builtins.files import Level
from netdsl.components import Refusal
from netdsl.core.text import text

if TYPE_CHECKING:
    from tokenizers import Tokenizer

UNKNOWN = "<unk>"
"""The token that stands for all that a vocabulary does not hold."""

BEGIN, END = "<bos>", "<eos>"
"""The tokens before the first and behind the last of a text that a net writes."""

PADDING = "<pad>"
"""The token behind the end of a text that is shorter than others."""

VISIBLE = {"\n": "↵", " ": "␣", "\t": "⇥"}
MOST_SHOWN = 100
MOST_WORDS = 10_000
PIECES = 2_000
BYTES = 256
"""Byte pair encoding begins with every byte as a piece of its own."""

HAN = "\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff"
WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+|[^\w\s]")
"""A Chinese or Japanese character, since no blanks stand between their words; a word or a number; any other sign."""

WIDE = re.compile(rf"[{HAN}\u3000-\u303f\uff00-\uffef]")
"""Characters and signs that stand without blanks between them."""
CLOSING = re.compile(r"[,.;:!?%)\]}’”。，、；：！？]")
OPENING = re.compile(r"[(\[{“‘]")


class Vocabulary(NamedTuple):
    """The tokens of a text, by their numbers.

    Args:
        level: what a token is.
        tokens: the tokens; of byte pair encoding, pieces as `tokenizers` writes them.
        pieces: byte pair encoding as the JSON of `tokenizers`.
    """

    level: Level
    tokens: tuple[str, ...]
    pieces: str = ""

    def encode(self, written: str) -> list[int]:
        """The numbers of a text's tokens.

        Raises:
            Refusal: some of them are not in the vocabulary, and it has no number for what is unknown.
        """
        if self.level == "bpe":
            return list(_load_pieces(self.pieces).encode(written, add_special_tokens=False).ids)
        # `<unk>` may stand several times: for each token that no training text has.
        numbers = {token: number for number, token in reversed([*enumerate(self.tokens)])}
        tokens = tokenize(written, self.level)
        if (unknown := numbers.get(UNKNOWN)) is not None:
            return [numbers.get(token, unknown) for token in tokens]
        try:
            return [numbers[token] for token in tokens]
        except KeyError:
            raise Refusal(self._strangers(tokens, numbers.keys())) from None

    @property
    def names(self) -> tuple[str, ...]:
        """The tokens as people can see them: a line break as `↵`, a blank as `␣`."""
        return tuple(VISIBLE.get(token) or (token if token.isprintable() else repr(token)) for token in self.tokens)

    def show(self, numbers: Iterable[int]) -> str:
        """Tokens by their numbers, as people can see them, up to what fills up."""
        names = self.names
        known = takewhile(lambda number: self.tokens[number] != PADDING, numbers)
        return ("" if self.level == "char" else " ").join(names[number] for number in known)

    @property
    def shown(self) -> str:
        """Some of the tokens, for a message."""
        some = [token for token in self.tokens if token.isprintable() and not token.isspace()][:MOST_SHOWN]
        return ("" if self.level == "char" else " ").join(some) + (" …" if len(self.tokens) > MOST_SHOWN else "")

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of tokens, by their numbers."""
        if self.level == "bpe":
            return str(_load_pieces(self.pieces).decode(list(numbers), skip_special_tokens=False))
        tokens = [self.tokens[number] for number in numbers]
        return "".join(tokens) if self.level == "char" else join_words(tokens)

    def _strangers(self, tokens: Sequence[str], known: Iterable[str]) -> str:
        odd = sorted(set(tokens) - set(known))
        template = "the vocabulary of the net has no {tokens}"
        shown = [token if token.isprintable() else repr(token) for token in odd[:5]]
        return text(template, tokens=", ".join(f"`{token}`" for token in shown))


def tokenize(written: str, level: Level) -> Sequence[str]:
    """The characters of a text, or its words in lower case."""
    return written if level == "char" else WORD.findall(written.lower())


def join_words(words: Sequence[str]) -> str:
    """A text of words: with blanks between them, but before a comma, within brackets and between Chinese characters."""
    written: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        is_joined = not before or CLOSING.fullmatch(word) or OPENING.fullmatch(before) or _are_wide(before, word)
        written.append(word if is_joined else f" {word}")
    return "".join(written)


def count_tokens(written: str, level: Level) -> Counter[str]:
    """How often each token stands in a text."""
    return Counter(tokenize(written, level))


def choose_tokens(counts: Counter[str], level: Level, limit: int | None, first: tuple[str, ...] = ()) -> Vocabulary:
    """The vocabulary of tokens: `first`, then characters in their order, or words, the most frequent first.

    With more tokens than the limit, the most frequent are kept, and `<unk>` stands for the others.
    """
    # Of words that stand equally often the alphabet decides, so that a text has one vocabulary.
    ordered = sorted(counts, key=lambda token: (-counts[token], token))
    if limit is not None and len(ordered) + len(first) > limit:
        first = first if UNKNOWN in first else (*first, UNKNOWN)
        ordered = ordered[: max(0, limit - len(first))]
    return Vocabulary(level, (*first, *(sorted(ordered) if level == "char" else ordered)))


def require_tokenizers() -> None:
    """Raises `Refusal` where byte pair encoding cannot be had."""
    if find_spec("tokenizers") is None:
        raise Refusal(
            "`level=bpe` needs the package `tokenizers`, which is not installed",
            "level",
            "install it: `pip install netdsl[text]`",
        )


def learn_pieces(texts: Iterable[str], size: int, first: tuple[str, ...] = ()) -> Vocabulary:
    """Byte pair encoding with `size` pieces at most, those of all bytes among them.

    Source: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", 2016; over bytes as in
    Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
    """
    require_tokenizers()
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer: Any = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(first),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    numbers: dict[str, int] = tokenizer.get_vocab()
    return Vocabulary("bpe", tuple(sorted(numbers, key=numbers.__getitem__)), tokenizer.to_str())


def _load_pieces(pieces: str) -> Tokenizer:
    require_tokenizers()
    from tokenizers import Tokenizer

    return Tokenizer.from_str(pieces)


def _are_wide(before: str, word: str) -> bool:
    return WIDE.fullmatch(before) is not None and WIDE.fullmatch(word) is not None
