"""Half-written and hostile texts, made of good ones: the examples, the library and the golden mistakes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
FOLDERS = ("examples", "netdsl/library", "tests/golden/checker")
LONGEST = 100_000
"""Characters of a text: what is promised of it is a second."""

USUAL = 4_000
"""Characters of most texts: one of LONG is longer, or the long ones would take all the time."""

LONG = 25

PIECES = (
    "?", "p2??", "p?", "k?", "{", "}", "{ }", "->", "->?", "?->", " as x", " as x; add x", ";", ";;", "\n",
    "\t", "\r", "(", ")", ",", "=", "<=", "-", "..", "#", "//", '"', "\0", "\u202e", "é", "；", "｛", "×",
    "😀", "in", "features", "none", "true", "HxW", "3xHxW", "repeat 99999 { ", "repeat in { ", "residual { ",
    "concat { ", "let n=", "block b n { ", "b 3; ", "use resnet\n", "data digits\n", "input 3xHxW\n",
    "loss ", "train ", "variant v { ", "budget params<=1 ", "nn.ReLU", "# netdsl: allow NET901",
)  # fmt: skip
NUMBERS = (
    "0", "-1", "1", "7", "0.5", "1e-9", "1e999", "99999", "2147483647", "2147483648", "9007199254740993",
    "9" * 25, "9" * 5000, "HxW", "3xHxW", "?", "(H/2)", "in", "1k", "3M",
)  # fmt: skip
OPERANDS = (
    "in", "features", "H", "W", "64", "2.5", "0", "-3", "99999999", "n", "x", "?", "true", "1e300", "k3",
)  # fmt: skip
HEADS = (
    "repeat 3 {", "residual {", "concat { } {", "block b {", "repeat 50000 {", "repeat in {", "add {", "variant v {",
)  # fmt: skip


@cache
def seeds() -> tuple[str, ...]:
    """The texts that all others are made of."""
    files = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.net"))
    return tuple(file.read_text(encoding="utf-8") for file in files)


@cache
def lines() -> tuple[str, ...]:
    """Their lines."""
    return tuple(line for text in seeds() for line in text.splitlines() if line.strip())


def write(seed: int) -> str:
    """One text: a good one after a few changes."""
    random = Random(seed)
    longest = USUAL if seed % LONG else LONGEST
    text = random.choice(seeds())[:longest]
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 6, 12))):
        text = random.choice(CHANGES)(text, random)[:longest]
    return text


def _cut(text: str, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(text))
    return start, min(len(text), start + random.choice((1, 3, 10, 40, 200)))


def _splice(text: str, random: Random) -> str:
    other, (start, end) = random.choice(seeds()), _cut(text, random)
    first, last = _cut(other, random)
    return text[:start] + other[first:last] + text[end:]


def _line(text: str, random: Random) -> str:
    """A line of another text, in the place of one of this text or between two."""
    own = text.split("\n")
    at = random.randint(0, len(own))
    own[at : at + random.randint(0, 1)] = [random.choice(lines())]
    return "\n".join(own)


def _swap(text: str, random: Random) -> str:
    own = text.split("\n")
    one, other = random.randrange(len(own)), random.randrange(len(own))
    own[one], own[other] = own[other], own[one]
    return "\n".join(own)


def _delete(text: str, random: Random) -> str:
    start, end = _cut(text, random)
    return text[:start] + text[end:]


def _end(text: str, random: Random) -> str:
    """What has been typed so far."""
    return text[: random.randint(0, len(text))]


def _double(text: str, random: Random) -> str:
    start, end = _cut(text, random)
    return text[:end] + text[start:]


def _multiply(text: str, random: Random) -> str:
    start, end = _cut(text, random)
    return text[:end] + text[start:end] * random.choice((2, 9, 99, 999)) + text[end:]


def _nest(text: str, random: Random) -> str:
    start, end = _cut(text, random)
    head, depth = random.choice(HEADS), random.choice((1, 1, 2, 5, 70))
    return f"{text[:start]}\n{head * depth} {text[start:end]} {'}' * depth}\n{text[end:]}"


def _enlarge(text: str, random: Random) -> str:
    digits = [at for at, letter in enumerate(text) if letter.isdigit()]
    at = random.choice(digits or [0])
    return text[:at] + random.choice(NUMBERS) + text[at + 1 :]


def _calculate(text: str, random: Random) -> str:
    """A formula in the place of a number."""
    digits = [at for at, letter in enumerate(text) if letter.isdigit()]
    at = random.choice(digits or [0])
    return text[:at] + _formula(random, random.choice((1, 2, 3, 8))) + text[at + 1 :]


def _formula(random: Random, size: int) -> str:
    if size <= 1:
        return random.choice(OPERANDS)
    left = random.randint(1, size - 1)
    return f"({_formula(random, left)}{random.choice('+-*/%')}{_formula(random, size - left)})"


def _insert(text: str, random: Random) -> str:
    at = random.randint(0, len(text))
    return text[:at] + random.choice(PIECES) * random.choice((1, 1, 1, 2, 50)) + text[at:]


def _disturb(text: str, random: Random) -> str:
    """A character of any script."""
    at = random.randint(0, len(text))
    return (
        text[:at]
        + chr(random.choice((random.randrange(128), random.randrange(0x3000), random.randrange(0x20000))))
        + text[at:]
    )


CHANGES: tuple[Callable[[str, Random], str], ...] = (
    _splice, _line, _swap, _delete, _end, _double, _multiply, _nest, _enlarge, _calculate, _insert, _disturb,
)  # fmt: skip
