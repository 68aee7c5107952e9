"""What the page's worker asks, in Pyodide: questions and answers as JSON."""

from __future__ import annotations

import json
from functools import cache
from itertools import product

from netdsl.codes import all_codes
from netdsl.core.garbage import spare_searches
from netdsl.core.text import text
from netdsl.core.translation import LANGUAGES
from netdsl.play.answers import QUESTIONS, Answers
from netdsl.plugins.registry import load_registry

EXAMPLE = (
    "# 🙂\nuse resnet\ninput 1x8x8\nbasic 4\nconv 4->8 k3 p1; relu\nmaxpool 2\nflatten\nlinear 100->10\ndata digits\n"
)
"""A net with a mistake; of the first character a browser makes two, which takes an encoding of Python's library."""

WRITER = "embedding 64\nlstm 64\nlinear 61\ndata text nets\n"
"""A net whose data are a text that comes with netdsl, and is read by every check."""

REHEARSED = {"place": 4, "number": 0, "setting": "optimizer.lr", "value": 0.1}


def answer(question: str) -> str:
    """The answer to a question."""
    try:
        found = _answers().answer(json.loads(question))
    except Exception as error:  # a fault of netdsl must not end the editing
        found = {"problem": text("{kind}: {error}", kind=type(error).__name__, error=str(error))}
    return json.dumps(found)


def rehearse() -> list[str]:
    """Asks everything that a page can ask, in every language, and returns the answers."""
    # A code, a word of the language, and one that it does not have.
    words = (next(iter(all_codes())), "conv", "convolution")
    asked = product(QUESTIONS, words, LANGUAGES, (EXAMPLE, WRITER))
    questions = (
        {"ask": name, "word": word, "language": language, "text": written, **REHEARSED}
        for name, word, language, written in asked
    )
    return [answer(json.dumps(question)) for question in questions]


@cache
def _answers() -> Answers:
    answers = Answers(load_registry(installed=False))
    spare_searches()
    return answers
