import json
from textwrap import dedent

import pytest
from click import unstyle
from hypothesis import given
from hypothesis import strategies as st

from netdsl.core.diagnostics import Diagnostic, Edit, Fix, Label
from netdsl.core.source import Source, Span
from netdsl.render.cells import width
from netdsl.render.diagnostics import count, render_concise, render_json, render_text
from tests.effort import most_calls

TUDUI = Source(
    "examples/tudui.net",
    dedent("""\
        # one file is one experiment
        input 3x32x32

        conv 3->32 k5 p2; maxpool 2
        conv 32->32 k5 p2; maxpool 2
        conv 32->64 k5 p2; maxpool 2

        flatten
        linear 1000->64
    """),
)


def find(source: Source, part: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(part, start + 1)
    return source.span(start, start + len(part))


def error(span: Span, caption: str = "", *labels: Label, code: str = "NET201", **more: object) -> Diagnostic:
    return Diagnostic(code, "it is wrong", span, caption, labels, **more)


def shown(diagnostic: Diagnostic, **options: int) -> str:
    text = render_text([diagnostic], **options)
    assert text.endswith("\n\n1 error\n")
    return text.removesuffix("\n\n1 error\n")


def expected(text: str) -> str:
    return dedent(text).strip("\n")


LINEAR = Diagnostic(
    "NET201",
    "linear expects 1000 features but receives 1024",
    find(TUDUI, "1000"),
    "stated here",
    (Label(find(TUDUI, "maxpool 2", 2), "gives 64x4x4, which line 8 flattens to 1024"),),
    fix=Fix("write `1024->64`", (Edit(find(TUDUI, "1000->64"), "1024->64"),)),
)


def test_the_example_of_the_language_s_page() -> None:
    assert shown(LINEAR) == expected("""
        error[NET201]: linear expects 1000 features but receives 1024
          --> examples/tudui.net:9:8
           |
         6 | conv 32->64 k5 p2; maxpool 2
           |                    --------- gives 64x4x4, which line 8 flattens to 1024
         9 | linear 1000->64
           |        ^^^^ stated here
           = fix: write `1024->64`
    """)


def test_labels_of_one_line_hang_below_the_last() -> None:
    source = Source("a.net", "conv 3->32 k5 k3 k1\n")
    labels = (Label(find(source, "k5"), "first here"), Label(find(source, "k3"), "then here"))
    assert shown(error(find(source, "k1"), "and here", *labels, help="remove two\nof them")) == expected("""
        error[NET201]: it is wrong
          --> a.net:1:18
           |
         1 | conv 3->32 k5 k3 k1
           |            -- -- ^^ and here
           |            |  |
           |            |  then here
           |            first here
           = help: remove two
                   of them
    """)


def test_a_label_around_the_span() -> None:
    source = Source("a.net", "conv 3->32 k5 p2\n")
    label = Label(find(source, "conv 3->32 k5 p2"), "of this layer")
    assert shown(error(find(source, "32"), "too many", label)) == expected("""
        error[NET201]: it is wrong
          --> a.net:1:9
           |
         1 | conv 3->32 k5 p2
           | --------^^------
           | |       |
           | |       too many
           | of this layer
    """)


def test_labels_in_other_files_follow() -> None:
    blocks = Source("blocks.net", "\n" * 99 + "block basic out { conv out }\n")
    labels = (Label(find(blocks, "basic"), "defined here"),)
    assert shown(error(find(TUDUI, "flatten"), "used here", *labels)).splitlines() == [
        "error[NET201]: it is wrong",
        "    --> examples/tudui.net:8:1",
        "     |",
        "   8 | flatten",
        "     | ^^^^^^^ used here",
        "    ::: blocks.net:100",
        "     |",
        " 100 | block basic out { conv out }",
        "     |       ----- defined here",
    ]


def test_a_span_of_several_lines() -> None:
    source = Source("a.net", "conv 8\nresidual {\n  conv 16\n  relu\n} # end\n")
    span = find(source, "residual {\n  conv 16\n  relu\n}")
    assert shown(error(span, "gives 16x8x8")) == expected("""
        error[NET201]: it is wrong
          --> a.net:2:1
           |
         2 | residual {
           | ^^^^^^^^^^
         5 | } # end
           | ^ gives 16x8x8
    """)


@pytest.mark.parametrize(
    ("text", "start", "rows"),
    [
        ("", 0, [" 1 |", "   | ^ here"]),
        ("relu", 4, [" 1 | relu", "   |     ^ here"]),
        ("relu\n", 5, [" 2 |", "   | ^ here"]),
        ("relu\r\n", 4, [" 1 | relu", "   |     ^ here"]),
    ],
)
def test_the_end_of_a_file(text: str, start: int, rows: list[str]) -> None:
    source = Source("a.net", text)
    assert shown(error(source.span(start, len(text)), "here")).splitlines()[-2:] == rows


@pytest.mark.parametrize(
    ("line", "part", "rows"),
    [
        ("\tconv\tk5", "k5", [" 1 |     conv    k5", "   |             ^^ here"]),
        ("# 卷积层 k5", "k5", [" 1 | # 卷积层 k5", "   |          ^^ here"]),
        ("# 卷积层 k5", "积层", [" 1 | # 卷积层 k5", "   |     ^^^^ here"]),
        ("e\u0301e\u0301 k5", "k5", [" 1 | e\u0301e\u0301 k5", "   |    ^^ here"]),
        ("\x1b[31m\0 k5", "k5", [" 1 | ␛[31m␀ k5", "   |        ^^ here"]),
        ("\u202ek5\ud800", "k5", [" 1 | �k5�", "   |  ^^ here"]),
    ],
)
def test_marks_stand_below_what_they_mark(line: str, part: str, rows: list[str]) -> None:
    assert shown(error(find(Source("a.net", line), part), "here")).splitlines()[-2:] == rows


@pytest.mark.parametrize("place", [0, 1, 2, 500, 998, 999])
def test_a_long_line_is_cropped_around_its_mark(place: int) -> None:
    source = Source("a.net", "; ".join(f"conv {1000 + number}" for number in range(1000)))
    *_, line, row = shown(error(find(source, str(1000 + place)), "here"), columns=60).splitlines()
    assert line[row.index("^") : row.rindex("^") + 1] == str(1000 + place)
    assert width(line) <= 60
    assert (line[5] == "…", line.endswith("…")) == (place > 1, place < 998)


def test_a_mark_that_was_cropped_away_stands_at_the_edge() -> None:
    source = Source("a.net", "a" + " " * 500 + "b" + " " * 500 + "c")
    labels = (Label(find(source, "a"), "before"), Label(find(source, "c"), "behind"))
    *_, line, first, second, third = shown(error(find(source, "b"), "here", *labels), columns=60).splitlines()[:-1]
    assert [line[first.index("-")], line[first.rindex("-")], line[first.index("^")]] == ["…", "…", "b"]
    assert first.endswith("- behind")
    assert (second.count("|"), third.count("|")) == (3, 2)
    assert third.endswith("here")


def test_text_that_a_terminal_would_obey_is_shown_as_pictures() -> None:
    source = Source("a\x1b.net", "x")
    diagnostic = Diagnostic("NET101", "no `\x1b[2J`", source.span(0, 1), "\x07", help="not \x9b")
    assert not set(render_text([diagnostic]) + render_concise([diagnostic])) & {"\x1b", "\x07", "\x9b"}


def test_colours_add_nothing_but_colour() -> None:
    warning = error(find(TUDUI, "flatten"), "a lint", code="NET901")
    plain, colored = render_text([LINEAR, warning]), render_text([LINEAR, warning], color=True)
    assert unstyle(colored) == plain != colored
    assert unstyle(render_concise([LINEAR], color=True)) == render_concise([LINEAR])


def test_concise() -> None:
    assert render_concise([LINEAR, error(find(TUDUI, "input"), code="NET901")]) == (
        "examples/tudui.net:9:8: error[NET201]: linear expects 1000 features but receives 1024\n"
        "examples/tudui.net:2:1: warning[NET901]: it is wrong\n"
    )


@pytest.mark.parametrize(
    ("codes", "summary"),
    [
        (["NET201"], "1 error"),
        (["NET901"], "1 warning"),
        (["NET901", "NET201", "NET001"], "2 errors, 1 warning"),
        ([], ""),
    ],
)
def test_the_summary_counts(codes: list[str], summary: str) -> None:
    diagnostics = [error(find(TUDUI, "input"), code=code) for code in codes]
    assert count(diagnostics) == summary
    assert render_text(diagnostics).rpartition("\n\n")[2] == (f"{summary}\n" if summary else "")


def test_json() -> None:
    place = {"file": "examples/tudui.net", "line": 9, "column": 8, "end_line": 9, "end_column": 12}
    start = TUDUI.text.index("1000")
    assert json.loads(render_json([LINEAR])) == [
        {
            "code": "NET201",
            "severity": "error",
            "message": "linear expects 1000 features but receives 1024",
            "template": "linear expects 1000 features but receives 1024",
            "fields": {},
            **place,
            "labels": [
                {
                    "text": "gives 64x4x4, which line 8 flattens to 1024",
                    **place,
                    "line": 6,
                    "column": 20,
                    "end_line": 6,
                    "end_column": 29,
                }
            ],
            "help": None,
            "fix": {"edits": [{"start": start, "end": start + 8, "text": "1024->64"}], "safe": True},
        }
    ]


def test_json_has_no_fix_that_belongs_to_another_file() -> None:
    other = Source("other.net", "relu")
    fix = Fix("write `gelu`", (Edit(find(other, "relu"), "gelu"),))
    assert json.loads(render_json([error(find(TUDUI, "flatten"), fix=fix)]))[0]["fix"] is None


@given(st.text(alphabet=st.one_of(st.sampled_from("a \t\r\n卷\u0301\x1b"), st.characters())), st.data())
def test_no_text_and_no_span_is_too_strange(text: str, data: st.DataObject) -> None:
    source = Source("a.net", text)
    offsets = st.integers(0, len(text))
    spans = [source.span(*sorted(data.draw(st.tuples(offsets, offsets)))) for _ in range(3)]
    labels = tuple(Label(span, "a label") for span in spans[1:])
    rendered = render_text([error(spans[0], "the caption", *labels)], columns=20)
    assert rendered.encode()
    assert "^" in rendered
    assert rendered.count("the caption") == 1
    assert rendered.count("a label") == 2


def test_many_diagnostics_in_one_long_line_take_no_time() -> None:
    source = Source("a.net", "relu; " * 100_000)
    diagnostics = [error(source.span(start, start + 4), "here") for start in range(0, 60_000, 60)]
    with most_calls(2_000_000):
        render_text(diagnostics)
