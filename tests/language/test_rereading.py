"""Reading the versions of a text gives what reading each afresh gives, places too."""

import random
from pathlib import Path

import pytest

from netdsl.core.source import Source, Span
from netdsl.language.parser import parse
from netdsl.language.rereading import Rereader
from netdsl.language.syntax import Tree

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.net"))
NODES = """let a=1 b="c" d=(1+2*-3) e=0.1,0.2 f=? g=3x3
block unit out stride=1 { conv ->out k3 s=stride p? as here; residual project { relu } shortcut { } }
input 3xHxW
budget params<=1k depth>=2
unit 3->4 stride=(a//1) k3x5 as there
"""


def places(node: object) -> list[tuple[str, int, int]]:
    """Every place in a tree, and what stands there."""
    if isinstance(node, Span):
        return [(node.text, node.start, node.end)]
    if isinstance(node, tuple):
        return [place for part in node for place in places(part)]
    if isinstance(node, Tree):
        return [(type(node).__name__, 0, 0), *places(tuple(getattr(node, name) for name in node.__match_args__))]
    return [(repr(node), -1, -1)] if not isinstance(node, Source) else []


def same(reader: Rereader, text: str) -> None:
    again, found = reader.parse(Source("a.net", text))
    fresh, mistakes = parse(Source("a.net", text))
    assert again.statements == fresh.statements
    assert places(again) == places(fresh)
    assert [(one.code, one.message, one.span[1:]) for one in found] == [
        (one.code, one.message, one.span[1:]) for one in mistakes
    ]


def test_every_kind_of_node_is_moved() -> None:
    reader = Rereader()
    for text in (NODES, "# above\n" + NODES, "relu\n\n" + NODES + "relu", NODES):
        same(reader, text)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_edited_texts_are_read_as_if_for_the_first_time(path: Path) -> None:
    chance, reader = random.Random(path.name), Rereader()
    text = path.read_text(encoding="utf-8")
    for _ in range(60):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(["", "x", "{", "}", ";", "\n", "#", '"', "(", "->", "conv 3 k3\n"]) + text[at:]
        text = text if chance.random() < 0.7 else text[:at] + text[at + 3 :]
        same(reader, text)


def test_a_text_that_is_too_large_is_refused() -> None:
    same(Rereader(), "(" * 100)


def test_what_is_long_gone_is_forgotten() -> None:
    reader = Rereader()
    for number in range(100):
        reader.parse(Source("a.net", f"linear {number}\nrelu"))
    assert len(reader._older) + len(reader._newer) <= 4
