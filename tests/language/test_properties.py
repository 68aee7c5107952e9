import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netdsl.core.source import Source
from netdsl.language.formatter import format_source, format_tree, write
from netdsl.language.parser import parse
from netdsl.language.syntax import File, Statement
from tests.effort import most_calls
from tests.language.strategies import files, mutations, soups, statements, untidy

SLOW = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
texts = st.text(max_size=200) | soups | mutations(soups) | mutations(files.map(format_tree))


def nodes(value: Any) -> Iterator[Any]:
    if is_dataclass(value):
        if not isinstance(value, (File, Source)):
            yield value
        for each in fields(value):
            if each.name not in ("span", "source", "invalid"):
                yield from nodes(getattr(value, each.name))
    elif isinstance(value, tuple):
        for element in value:
            yield from nodes(element)


@SLOW
@given(files)
def test_a_printed_tree_is_read_back(file: File) -> None:
    text = format_tree(file)
    assert parse(Source("x", text)) == (file, [])
    assert format_source(Source("x", text)) == (text, [])


@SLOW
@given(st.data())
def test_layout_means_nothing(data: st.DataObject) -> None:
    file = data.draw(files)
    text = data.draw(untidy(file))
    assert parse(Source("x", text)) == (file, [])
    formatted, _ = format_source(Source("x", text))
    assert parse(Source("x", formatted)) == (file, [])
    assert format_source(Source("x", formatted)) == (formatted, [])


@SLOW
@given(st.data())
def test_formatted_text_is_tidy_and_keeps_the_comments(data: st.DataObject) -> None:
    text = data.draw(untidy(data.draw(files)))
    formatted, _ = format_source(Source("x", text))
    found = re.compile(r'"[^"\n]*"|(#[^\n]*)')
    assert [line.rstrip() for line in found.findall(formatted)] == [line.rstrip() for line in found.findall(text)]
    code = re.sub(r'"[^"\n]*"|#[^\n]*', "_", formatted)
    assert not re.search(r"[ \t\r\ufeff]\n|\A\n|\n\n\n|\{\n\n|\n\n *\}", code)
    assert formatted == "" or formatted.endswith("\n")


@SLOW
@given(statements(), st.sampled_from(["", "relu\n", "\ufeff", "conv ==\n# a comment\n  "]))
def test_spans_are_exact(statement: Statement, before: str) -> None:
    file, _ = parse(Source("x", before + write(statement)))
    found = file.statements[-1]
    assert [node.span.text for node in nodes(found)] == [write(node) for node in nodes(statement)]


@SLOW
@given(texts)
def test_no_text_makes_the_parser_raise(text: str) -> None:
    source = Source("x", text)
    with most_calls(100_000):
        file, diagnostics = parse(source)
    assert all(node.span.source is source for node in nodes(file))
    for diagnostic in diagnostics:
        assert re.fullmatch(r"NET(00[123]|40[124])", diagnostic.code)
        edits = diagnostic.fix.edits if diagnostic.fix else ()
        for span in (diagnostic.span, *(edit.span for edit in edits)):
            assert 0 <= span.start <= span.end <= len(text)
    assert bool(file.invalid) <= bool(diagnostics)


@SLOW
@given(texts)
def test_a_broken_text_is_left_alone(text: str) -> None:
    source = Source("x", text)
    formatted, diagnostics = format_source(source)
    assert diagnostics == parse(source)[1]
    assert not diagnostics or formatted == text


@SLOW
@given(mutations(files.map(format_tree)))
def test_a_fix_removes_its_diagnostic(text: str) -> None:
    _, diagnostics = parse(Source("x", text))
    for diagnostic in diagnostics:
        if diagnostic.fix:
            fixed = text
            for edit in sorted(diagnostic.fix.edits, key=lambda edit: edit.span.start, reverse=True):
                fixed = fixed[: edit.span.start] + edit.text + fixed[edit.span.end :]
            _, left = parse(Source("x", fixed))
            assert len(left) < len(diagnostics), (fixed, left)
