"""The parts of a text, what of it folds away, its colours, and the lines above it."""

import pytest

from netdsl.editor import Part, folds, lenses, outline, tokens
from netdsl.editor.lenses import abbreviate
from tests.editor.texts import document

TEXT = """# two lines
# of words
let width=8 depth=2
block unit out { conv out k3 p1
  relu
}
data digits
input 1x8x8
unit width as stem
residual {
  unit width
} shortcut { conv width k1 }
flatten; linear 10 # ten
"""


def shown(parts: list[Part] | tuple[Part, ...], indent: str = "") -> list[str]:
    return [
        line
        for part in parts
        for line in (f"{indent}{part.kind} {part.name} {part.detail}".rstrip(), *shown(part.parts, indent + "  "))
    ]


def test_the_outline_has_every_part() -> None:
    assert shown(outline(document().read(TEXT))) == [
        "variable width 8",
        "variable depth 2",
        "block unit out",
        "  layer conv 8x8x8",
        "  layer relu 8x8x8",
        "directive data digits",
        "directive input 1x8x8",
        "layer stem: unit 8x8x8",
        "composite residual 8x8x8",
        "  body 0",
        "    layer unit 8x8x8",
        "  body shortcut",
        "    layer conv 8x8x8",
        "layer flatten 512",
        "layer linear 10",
    ]


def test_a_part_reaches_over_its_text_and_its_name_is_in_it() -> None:
    stack = list(outline(document().read(TEXT)))
    while stack:
        part = stack.pop()
        assert part.start <= part.name_start < part.name_end <= part.end
        assert all(part.start <= inner.start and inner.end <= part.end for inner in part.parts)
        stack += part.parts


def test_bodies_and_comments_of_several_lines_fold() -> None:
    found = [TEXT[fold.start : fold.end] for fold in folds(document().read(TEXT))]
    assert found[0] == "# two lines\n# of words"
    assert [text[0] for text in found[1:]] == ["{", "{"]
    assert [fold.is_comment for fold in folds(document().read(TEXT))] == [True, False, False]


def test_every_word_has_its_colour() -> None:
    found = [(TEXT[token.start : token.end], token.kind) for token in tokens(document().read(TEXT))]
    assert [*found[:6]] == [
        ("# two lines", "comment"), ("# of words", "comment"), ("let", "keyword"), ("width", "variable"),
        ("=", "operator"), ("8", "number"),
    ]  # fmt: skip
    kinds = dict(found)
    assert kinds | {
        "unit": "block", "out": "parameter", "k3": "number", "digits": "component", "as": "keyword", "stem": "label",
        "shortcut": "keyword", "linear": "layer", "# ten": "comment", "1x8x8": "number",
    } == kinds  # fmt: skip


def test_a_name_and_its_setting_have_colours_of_their_own() -> None:
    text = "input 8; linear 3 as head\noptimizer sgd head.lr=1 linear.lr=2"
    found = [(text[token.start : token.end], token.kind) for token in tokens(document().read(text))]
    assert found[-8:] == [
        ("head", "label"), ("lr", "setting"), ("=", "operator"), ("1", "number"),
        ("linear", "word"), ("lr", "setting"), ("=", "operator"), ("2", "number"),
    ]  # fmt: skip


def test_the_colours_of_a_part_are_those_of_the_whole() -> None:
    reading = document().read(TEXT)
    start, end = TEXT.index("input"), TEXT.index("flatten")
    inside = [token for token in tokens(reading) if start < token.end and token.end <= end]
    assert [token for token in tokens(reading, start, end) if token.end <= end] == inside


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("input 8; linear 4", ["Draw", "36 parameters"]),
        ("data digits\nflatten; linear 10", ["Train", "Draw", "650 parameters"]),
        ("data digits\nflatten; linear 9->10", ["Draw"]),
        ("input 8; relu", ["Draw", "0 parameters"]),
        ("block b { relu }", ["used 0 times"]),
        ("block b { relu }\ninput 8; b; b", ["Draw", "0 parameters", "used 2 times"]),
        ("", []),
    ],
)
def test_what_can_be_done_stands_above_the_net(text: str, titles: list[str]) -> None:
    assert [lens.title for lens in lenses(document().read(text))] == titles


@pytest.mark.parametrize(
    ("count", "short"),
    [(0, "0"), (999, "999"), (1_000, "1.0 k"), (4_123_456, "4.1 M"), (999_949, "999.9 k"), (999_950, "1.0 M"),
     (7_000_000_000, "7.0 G")],
)  # fmt: skip
def test_numbers_are_short(count: int, short: str) -> None:
    assert abbreviate(count) == short
