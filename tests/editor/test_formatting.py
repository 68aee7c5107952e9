"""The canonical text as edits."""

import pytest

from netdsl.core.source import Source
from netdsl.editor import format_part, format_text, indent_line
from netdsl.language.formatter import format_source
from tests.editor.test_hints import EXAMPLES
from tests.editor.texts import apply

UNTIDY = "input   3x8x8\nconv  8 k3 ;relu\n\n\n\nresidual {\nconv 8 k3 p1\n}\nflatten;linear 2   # end\n"


def formatted(text: str) -> str:
    return format_source(Source("a.net", text))[0]


def test_the_edits_of_a_text_give_its_canonical_form() -> None:
    assert apply(UNTIDY, format_text(Source("a.net", UNTIDY))) == formatted(UNTIDY)
    assert format_text(Source("a.net", "conv (")) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_canonical_text_needs_no_edit(path: object) -> None:
    text = formatted(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    assert format_text(Source("a.net", text)) == []


def test_only_the_lines_of_a_part_are_changed() -> None:
    start = UNTIDY.index("conv  8")
    after = apply(UNTIDY, format_part(Source("a.net", UNTIDY), start, start + 10))
    assert after.splitlines()[1] == "conv 8 k3; relu"
    assert after.splitlines()[0] == "input 3x8x8" or after.splitlines()[0] == "input   3x8x8"
    assert after.endswith("flatten;linear 2   # end\n")


def test_a_part_is_formatted_beside_a_mistake() -> None:
    text = "conv  8   k3\nlinear (\nrelu   ;  relu\n"
    assert apply(text, format_part(Source("a.net", text), 0, len(text))).splitlines()[0] == "conv 8 k3"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("block b {\n|", "  "), ("block b {\n  residual {\n|", "    "), ("block b {\n  relu\n  }|", "}"),
        ("relu\n  |", ""), ("# {\n|", ""), ('use "{"\n|', ""), ("block b {\n|relu\n}", "  relu"),
    ],
)  # fmt: skip
def test_a_line_is_indented_by_its_bodies(text: str, line: str) -> None:
    before, _, after = text.partition("|")
    source = Source("a.net", before + after)
    edit = indent_line(source, len(before))
    written = apply(source.text, [edit] if edit else [])
    assert written.split("\n")[before.count("\n")] == line
