"""The words of a text as the parser's own lexer cuts them: what colours are held against."""

from functools import cache, partial
from pathlib import Path

import lark

import netdsl
from netdsl.core.source import Source
from netdsl.language.lark_parser import GRAMMAR
from netdsl.language.parser import parse
from tests.docs.blocks import PAGES, read_blocks

PACKAGE = Path(netdsl.__file__).parent
FILES = sorted([*PACKAGE.glob("library/*.net"), *(PACKAGE.parent / "examples").glob("*.net")])
"""Every net that ships."""


def documented() -> list[str]:
    """The nets in README and docs that the parser can read: they have the newest words."""
    blocks = [block for page in PAGES for block in read_blocks(page) if block.kind == "net"]
    return sorted({block.text for block in blocks if not parse(Source(block.place, block.text))[1]})


def read_words(text: str) -> list[lark.Token]:
    """The words in their order; the lexer knows what may follow, so that `k3` is a short only where one may stand."""
    parser, found = noting_parser()
    found.clear()
    parser.parse(text, start="start")
    return [word for word in found if not word.type.startswith("__IGNORE")]


@cache
def noting_parser() -> tuple[lark.Lark, list[lark.Token]]:
    """A parser, and the words that it has noted."""
    found: list[lark.Token] = []

    def note(token: lark.Token) -> lark.Token:
        found.append(token)
        return token

    grammar = partial(lark.Lark, GRAMMAR.read_text(encoding="utf-8"), parser="lalr", start=["start", "statement"])
    callbacks = dict.fromkeys((terminal.name for terminal in grammar().terminals), note)
    return grammar(lexer_callbacks=callbacks), found
