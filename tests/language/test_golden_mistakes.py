from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source
from netdsl.language.parser import parse

FILES = sorted((Path(__file__).parents[1] / "golden" / "language").glob("*.net"))

MISTAKES = [
    *(
        "conv 3=>32 k5",
        "conv 3→32",
        "conv 3->32 k==5",
        "optimizer sgd lr: 0.1",
        "conv 3->32, k5, p2",
        "conv(3, 32, k=5)",
    ),
    *("conv k5 3->32", "input 3×32×32", "linear 1_000", "budget params<25M", "linear width*2", "linear (width*2"),
    *("use 'blocks.net'", 'use "blocks.net', r"data folder .\photos", "conv 3 as stem k5", "relu()", "conv\u00a03"),
    *("3->32", "conv 3 @ 5", "conv 3 as", "linear (*2)", "sgd lr= momentum=0.9", "nn. Hardshrink", "a ! b", "conv 3->"),
]
SOUND = ["relu", "conv 3->32 k5 p2", "# a comment", "", "residual { conv 32; bn } shortcut { bn }", "a; b"]


def applied(text: str, diagnostics: Iterable[Diagnostic]) -> str:
    edits = [edit for diagnostic in diagnostics if diagnostic.fix for edit in diagnostic.fix.edits]
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def described(diagnostic: Diagnostic) -> Iterator[str]:
    (line, column), (_, end) = diagnostic.span.position, diagnostic.span.end_position
    yield f"{line}:{column}-{end} {diagnostic.code} {diagnostic.message}"
    if diagnostic.help:
        yield f"    help: {diagnostic.help}"
    if diagnostic.fix:
        yield f"    fix: {diagnostic.fix.message}"


def test_there_are_files() -> None:
    assert len(FILES) > 15


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_messages(file: Path, golden: Callable[[Path, str], None]) -> None:
    text = file.read_text(encoding="utf-8")
    _, diagnostics = parse(Source(file.name, text))
    lines = [line for diagnostic in diagnostics for line in described(diagnostic)]
    golden(file.with_suffix(".txt"), "\n".join([*lines, "", "--- with the fixes ---", applied(text, diagnostics)]))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_fix_removes_its_diagnostic_and_adds_none(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    _, diagnostics = parse(Source(file.name, text))
    messages = [diagnostic.message for diagnostic in diagnostics]
    for number, diagnostic in enumerate(diagnostics):
        if diagnostic.fix:
            _, left = parse(Source(file.name, applied(text, [diagnostic])))
            assert [one.message for one in left] == messages[:number] + messages[number + 1 :]
    _, left = parse(Source(file.name, applied(text, diagnostics)))
    assert [one.message for one in left] == [one.message for one in diagnostics if not one.fix]


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_diagnostic(text: str) -> None:
    assert len(parse(Source("x", text))[1]) == 1


@settings(max_examples=100)
@given(st.lists(st.sampled_from(MISTAKES) | st.sampled_from(SOUND), max_size=12), st.booleans())
def test_every_mistake_of_a_file_is_found_at_its_place(lines: list[str], nested: bool) -> None:
    text = "\n".join(["block all {", *(f"    {line}" for line in lines), "}"] if nested else lines)
    _, diagnostics = parse(Source("x", text))
    wrong = [number for number, line in enumerate(lines, 1 + nested) if line in MISTAKES]
    assert [diagnostic.span.position.line for diagnostic in diagnostics] == wrong


def test_what_is_sound_is_read_beside_what_is_not() -> None:
    file, _ = parse(Source("x", "relu\nconv @\nblock wide {\n    bn; !; gelu\n}\nlinear 1_0\n"))
    assert [statement.name.text for statement in file.statements] == ["relu", "block", "linear"]
    assert [statement.name.text for statement in file.statements[1].items[1].statements] == ["bn", "gelu"]
    assert [span.text for span in file.invalid] == ["conv @", "!"]


def test_a_mended_statement_is_read_as_its_fix_has_it() -> None:
    file, _ = parse(Source("x", "conv(32, k==(3, 5)) \n"))
    assert file.statements == parse(Source("x", "conv 32 k=3x5"))[0].statements
    assert file.invalid == ()


@pytest.mark.parametrize(
    ("text", "start", "fixed"),
    [
        ("a {\n    b {\n        c\n    d\n}\ne\n", 10, "a {\n    b {\n        c\n    }\n    d\n}\ne\n"),
        ("a {\n  b\nc\n", 2, "a {\n  b\n}\nc\n"),
        ("a {\n\tb {\n\t\tc\n}\nd", 7, "a {\n\tb {\n\t\tc\n\t}\n}\nd"),
        ("a { b\nc", 2, "a { b\n}\nc"),
        ("a {\n    b", 2, "a {\n    b\n}"),
        ("a {\n  b\n} c {\n  d\ne", 12, "a {\n  b\n} c {\n  d\n}\ne"),
        ("a {\nb {\nc\n}\nd", 2, None),
        ("a {", 2, None),
    ],
)
def test_a_missing_brace_is_found_by_the_indentation(text: str, start: int, fixed: str | None) -> None:
    _, (diagnostic,) = parse(Source("x", text))
    assert (diagnostic.message, diagnostic.span.start) == ("`{` is never closed", start)
    assert (applied(text, [diagnostic]) if diagnostic.fix else None) == fixed


def test_after_a_thousand_mistakes_reading_stops() -> None:
    _, diagnostics = parse(Source("x", "conv @\n" * 3000))
    assert len(diagnostics) == 1001
    assert diagnostics[-1].code == "NET404"
