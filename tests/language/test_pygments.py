"""The colours of a text are held against the words that the parser reads in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from netdsl.language.pygments import NetLexer
from tests.language.words import FILES, documented, read_words

COLORS = {
    "ARROW": [Operator],
    "AS": [Keyword],
    "COMPARISON": [Operator],
    "COMMA": [Punctuation],
    "EQUAL": [Operator],
    "HOLE": [Keyword.Pseudo],
    "HOLED_SHORT": [Name.Attribute, Keyword.Pseudo],
    "LBRACE": [Punctuation],
    "LPAR": [Punctuation],
    "MINUS": [Operator],
    "NUMBER": [Number],
    "PATH": [String],
    "PLUS": [Operator],
    "RBRACE": [Punctuation],
    "RELATION": [Operator],
    "RPAR": [Punctuation],
    "SHORT": [Name.Attribute, Number.Integer],
    "SIZE": [Number.Integer],
    "STRING": [String.Double],
    "TIMES": [Operator],
}
"""The tokens into which each terminal of the grammar is coloured; a `NAME` depends on its place."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_words_are_coloured_as_the_parser_cuts_them(path: Path) -> None:
    check_colors(path.read_text(encoding="utf-8"))


def test_words_of_the_documentation_are_coloured_as_the_parser_cuts_them() -> None:
    texts = documented()
    assert len(texts) > 100
    for text in texts:
        check_colors(text)


def check_colors(text: str) -> None:
    colored = {at: (kind, value) for at, kind, value in NetLexer().get_tokens_unprocessed(text)}
    assert not [value for kind, value in colored.values() if kind in Error]
    for word in read_words(text):
        at, kinds = word.start_pos, []
        if word.type == "_SEPARATOR":
            parts = [kind for place, (kind, _) in colored.items() if at <= place < at + len(word)]
            assert all(kind in Whitespace or kind in Comment or kind in Punctuation for kind in parts)
            continue
        while at < word.start_pos + len(word):
            kind, value = colored[at]
            kinds.append(kind)
            at += len(value)
        assert at == word.start_pos + len(word), word
        if word.type == "NAME":
            assert len(kinds) == 1
            assert kinds[0] in Name or kinds[0] in Keyword
        elif kinds not in ([Name.Label], [Name.Class]):  # `as e3`, `metrics r2`: a name may look like a short
            assert kinds == COLORS[word.type], word


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("conv 3", {"conv": Name.Function}),
        ("data digits batch=2", {"data": Keyword, "digits": Name.Class, "batch": Name.Attribute}),
        ("optimizer sgd head.lr=1", {"sgd": Name.Class, "head.lr": Name.Attribute}),
        ("train epochs=3", {"train": Keyword, "epochs": Name.Attribute}),
        ("block unit out { conv out }", {"block": Keyword.Declaration, "unit": Name.Function, "out": Name}),
        ("use resnet", {"use": Keyword, "resnet": Name.Namespace}),
        ("relu as e3; concat e3", {"as": Keyword, "e3": Name.Label}),
        ("residual { tanh } shortcut { relu }", {"shortcut": Name, "tanh": Name.Function, "relu": Name.Function}),
        ("dropout inplace=true", {"true": Keyword.Constant}),
    ],
)
def test_a_name_is_coloured_by_its_place(text: str, kinds: dict[str, object]) -> None:
    found: dict[str, object] = {}
    for _, kind, value in NetLexer().get_tokens_unprocessed(text):
        found.setdefault(value, kind)
    assert {name: found[name] for name in kinds} == kinds


@given(st.text(alphabet=st.one_of(st.sampled_from('conv3x>-=;{}#\n \t"()?,as'), st.characters())))
def test_every_text_is_coloured_whole(text: str) -> None:
    assert "".join(value for _, _, value in NetLexer().get_tokens_unprocessed(text)) == text


def test_pygments_finds_the_lexer() -> None:
    assert type(get_lexer_by_name("netdsl")).__name__ == "NetLexer"
    assert type(get_lexer_for_filename("a.net")).__name__ == "NetLexer"
