"""Where a cursor stands, in texts that are not finished."""

import pytest

from netdsl.editor.cursor import Cursor, find_cursor


def place(marked: str) -> Cursor:
    before, _, after = marked.partition("|")
    return find_cursor(before + after, len(before))


@pytest.mark.parametrize(
    ("marked", "before", "word"),
    [
        ("|", [], ""),
        ("conv|", [], "conv"),
        ("conv |", ["conv"], ""),
        ("conv 3->|", ["conv"], "3->"),
        ("conv 8; relu; max|", [], "max"),
        ("conv 8 # one; two\nre|", [], "re"),
        ('use "a;b" |', ["use", '"a;b"'], ""),
        ("residual { conv 8 k|", ["conv", "8"], "k"),
        ("residual { relu } sho|", ["residual", "{", "relu", "}"], "sho"),
        ("conv 8 stride=|", ["conv", "8"], "stride="),
        ("}} conv |", ["conv"], ""),
    ],
)
def test_the_words_of_the_statement_are_found(marked: str, before: list[str], word: str) -> None:
    found = place(marked)
    assert (found.before, found.word) == (before, word)


def test_the_bodies_around_are_found() -> None:
    assert place("block b n { residual { conv 8 } short { re|").around == ["block b n", "residual { conv 8 } short"]
    assert place("a { b } c { d; e }\nf|").around == []


@pytest.mark.parametrize(
    ("marked", "kind"),
    [
        ("a # b|", "comment"), ("# |", "comment"), ("# a\nb|", ""), ('use "a|', "string"), ('use "|', "string"),
        ('use "|"', "string"), ('use "a"|', ""), ('use "#|', "string"), ('# "|', "comment"), ("conv (|", "parenthesis"),
        ("conv (a) |", ""),
    ],
)  # fmt: skip
def test_it_is_known_what_the_cursor_stands_in(marked: str, kind: str) -> None:
    found = place(marked)
    flags = {"comment": found.in_comment, "string": found.in_string, "parenthesis": found.in_parenthesis}
    assert [name for name, flag in flags.items() if flag] == [kind][: bool(kind)]
