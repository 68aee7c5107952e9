"""Positions as editors count them."""

import pytest

pytest.importorskip("lsprotocol", reason="an extra of netdsl")
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position

from netdsl.lsp.lines import Encoding, Lines

TEXTS = st.text(st.sampled_from("ab 模😀é\n\r\u2028\x0c"), max_size=40)
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, data=st.data())
def test_an_offset_is_the_position_it_becomes(encoding: Encoding, text: str, data: st.DataObject) -> None:
    lines = Lines(text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    # Between `\r` and `\n` there is no position.
    if text[offset - 1 : offset + 1] != "\r\n":
        assert lines.offset(lines.position(offset)) == offset


@pytest.mark.parametrize(
    ("encoding", "units"), [("utf-8", (0, 1, 4, 8, 9)), ("utf-16", (0, 1, 2, 4, 5)), ("utf-32", (0, 1, 2, 3, 4))]
)
def test_characters_take_the_units_of_the_encoding(encoding: Encoding, units: tuple[int, ...]) -> None:
    lines = Lines("\na模😀b", encoding)
    assert tuple(lines.position(offset).character for offset in range(1, 6)) == units
    assert {lines.position(offset).line for offset in range(1, 6)} == {1}


def test_only_the_line_breaks_of_the_protocol_count() -> None:
    lines = Lines("a\u2028b\x0cc\r\nd\re\nf", "utf-16")
    assert [lines.position(offset).line for offset in (0, 2, 4, 7, 9, 11)] == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize(("line", "character", "offset"), [(0, 99, 2), (9, 0, 5), (1, 99, 5), (0, 0, 0), (1, 0, 3)])
def test_a_position_beyond_a_line_is_its_end(line: int, character: int, offset: int) -> None:
    assert Lines("ab\ncd", "utf-16").offset(Position(line, character)) == offset
    assert Lines("模😀\ncd", "utf-16").offset(Position(0, 99)) == 2
