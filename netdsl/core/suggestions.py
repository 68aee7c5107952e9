"""What a misspelt word most likely means, or a word that another tool uses."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

MOST_COMPARED = 500
"""So many names are compared with one that is not known, letter by letter."""

SURE = 0.75
"""The similarity above which a suggestion is written as a fix."""

SHORTEST = 3
"""How many letters an abbreviation has at least."""

LIKELY = 0.65
"""The similarity above which it is worth asking."""

ELSEWHERE: Mapping[str, str] = {
    "averagepool": "avgpool",
    "averagepooling": "avgpool",
    "batchnorm": "bn",
    "batchnorm1d": "bn1d",
    "batchnorm2d": "bn2d",
    "batchnorm3d": "bn3d",
    "batchsize": "batch",
    "cat": "concat",
    "concatenate": "concat",
    "convtranspose": "convt",
    "criterion": "loss",
    "dataset": "data",
    "deconv": "convt",
    "def": "block",
    "dense": "linear",
    "depthwise": "dwconv",
    "fc": "linear",
    "filters": "out_channels",
    "globalaveragepooling": "gap",
    "globalavgpool": "gap",
    "import": "use",
    "include": "use",
    "learningrate": "lr",
    "maxpooling": "maxpool",
    "multiheadattention": "attention",
    "no": "false",
    "off": "false",
    "on": "true",
    "rate": "p",
    "swish": "silu",
    "units": "out_features",
    "yes": "true",
}
"""The words of other tools, as `folded` writes them, and what they are called here."""


def nearest(name: str, known: Iterable[str], similarity: float = LIKELY) -> str | None:
    """The known name that another one most likely means; one with a point, `nn.Relu`, means another of its family."""
    family, dot, own = name.rpartition(".")
    start = family + dot
    words = sorted(word.removeprefix(start) for word in known if word.startswith(start)) if start else sorted(known)
    if len(words) > MOST_COMPARED:  # of thousands of labels those that begin alike
        place = bisect_left(words, own)
        words = words[max(0, place - MOST_COMPARED // 2) : place + MOST_COMPARED // 2]
    near = _nearest(own, tuple(words), similarity)
    return near and start + near


@lru_cache(maxsize=1024)  # the search for the value of a hole meets the same misspelt names thousands of times
def _nearest(name: str, words: tuple[str, ...], similarity: float) -> str | None:
    wanted = folded(name)
    same = (word for word in words if folded(word) == wanted or word == ELSEWHERE.get(wanted))
    near = (
        next(same, None)
        or _abbreviated(wanted, words)
        or _closest(name, [word for word in words if _shares_letters(name, word, similarity)], similarity)
    )
    return near or (_renumbered(name, words) if similarity < SURE else None)


def _closest(name: str, words: Sequence[str], similarity: float) -> str | None:
    if not words:
        return None
    from difflib import get_close_matches  # 5 ms that only a mistake should cost, not each block of a used file

    return next(iter(get_close_matches(name, words, n=1, cutoff=similarity)), None)


def _shares_letters(name: str, word: str, similarity: float) -> bool:
    """Whether two words have so many letters in common, wherever these stand; the closest match has no fewer."""
    enough = similarity * (len(name) + len(word)) / 2
    return min(len(name), len(word)) >= enough and (Counter(name) & Counter(word)).total() >= enough


def _abbreviated(wanted: str, words: Sequence[str]) -> str | None:
    """The name that another one begins: `padding` for `pad`, though `padding_mode` begins so too."""
    if len(wanted) < SHORTEST:
        return None
    begun = sorted((word for word in words if folded(word).startswith(wanted)), key=len)
    return begun[0] if begun and all(word.startswith(begun[0]) for word in begun) else None


def _renumbered(name: str, words: Sequence[str]) -> str | None:
    """The first name that differs in its number alone: `e1` for `e3`."""
    stem = name.rstrip("0123456789")
    numbered = (word for word in words if word.startswith(stem) and word[len(stem) :].isdigit())
    return next(numbered, None) if stem and stem != name else None


def folded(name: str) -> str:
    """A name without capitals and underscores, which people set differently."""
    return name.lower().replace("_", "")
