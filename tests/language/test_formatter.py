import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.checker import check
from netdsl.components import Loss
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.source import Source
from netdsl.language.formatter import COLUMNS, format_source
from netdsl.language.parser import parse
from netdsl.plugins.registry import load_registry
from netdsl.render.shapes_json import shapes_json
from tests.language.strategies import untidy
from tests.soundness import texts

REGISTRY = load_registry(installed=False)


def formatted(text: str) -> str:
    found, diagnostics = format_source(Source("x", text))
    assert diagnostics == []
    assert format_source(Source("x", found)) == (found, [])
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n\n", ""),
        ("\ufeff#x \r\n", "#x\n"),
        ("  conv   3\t->32  k5", "conv 3->32 k5\n"),
        ("conv -> 32 s = 2 as  stem", "conv ->32 s=2 as stem\n"),
        ("budget params  <=  150k macs<= 1.50M", "budget params<=150k macs<=1.50M\n"),
        (
            "x ( width * 2 + -a // ( 3 - 1 ) ) 0.10,.5,1. 007 k07 k3x05 -1x3",
            "x (width*2+-a//(3-1)) 0.10,.5,1. 007 k07 k3x05 -1x3\n",
        ),
        ("x (- 1) (a - - 1) ?", "x (- 1) (a-- 1) ?\n"),
        ("conv(3)", "conv (3)\n"),
        ("a;b ;; c;\n;d", "a; b; c\nd\n"),
        ("a\n\n\n\nb\n \n", "a\n\nb\n"),
        ("\n\n# first\n\n\n# second\na", "# first\n\n# second\na\n"),
        ("a # one\n\n   # two\nb#three", "a  # one\n\n# two\nb  #three\n"),
        ("x{}", "x { }\n"),
        ("x{a;b}as y", "x { a; b } as y\n"),
        ("x{\n}", "x { }\n"),
        ("x { a\n}", "x {\n  a\n}\n"),
        ("x { a }shortcut{ b }", "x { a } shortcut { b }\n"),
        ("x { a\n } shortcut { b }; c", "x {\n  a\n} shortcut { b }; c\n"),
        ("x { # why\n\n a; b # c\n\n\n # d\n\n}", "x {  # why\n  a; b  # c\n\n  # d\n}\n"),
        ("x {\n# only\n}", "x {\n  # only\n}\n"),
        ("x { y { a; b }; c\n d }", "x {\n  y { a; b }; c\n  d\n}\n"),
        ('use  "a  #  b"  # c', 'use "a  #  b"  # c\n'),
    ],
)
def test_canonical_texts(text: str, expected: str) -> None:
    assert formatted(text) == expected


def test_comments_in_one_column_stay_so() -> None:
    aligned = "a          # one\nx\nlonger b=2 # two\nc # three\n\nd          # four\n\n       # five\n"
    assert formatted(aligned) == "a           # one\nx\nlonger b=2  # two\nc  # three\n\nd  # four\n\n# five\n"


WIDE = "concat { conv 64 k1; bn; relu } { conv 96 k1; bn; relu; conv 128 k3 p1; bn; relu } { maxpool 3 s1 p1 }"


def test_a_statement_too_long_for_a_line_opens_its_bodies() -> None:
    assert len(WIDE) > COLUMNS
    assert formatted(WIDE + "; relu") == (
        "concat {\n  conv 64 k1\n  bn\n  relu\n} {\n  conv 96 k1\n  bn\n  relu\n  conv 128 k3 p1\n"
        "  bn\n  relu\n} {\n  maxpool 3 s1 p1\n}; relu\n"
    )


def test_a_line_may_be_just_as_long_as_it_may_be() -> None:
    line = WIDE.replace("relu; conv", "elu; conv").replace("maxpool", "gap")
    exact = line + " a" + "a" * (COLUMNS - len(line) - 2)
    assert formatted(exact) == exact + "\n"
    assert formatted(exact + "a").count("\n") > 10


def test_bodies_within_a_body_that_opens_stay_on_their_lines() -> None:
    text = f"block wide {{ residual {{ {'; '.join(['conv 32 k3 p1'] * 4)} }}; residual {{ {'; '.join(['bn'] * 9)} }} }}"
    assert formatted(text) == (
        "block wide {\n  residual { conv 32 k3 p1; conv 32 k3 p1; conv 32 k3 p1; conv 32 k3 p1 }\n"
        "  residual { bn; bn; bn; bn; bn; bn; bn; bn; bn }\n}\n"
    )


def test_a_broken_text_comes_back_with_its_errors() -> None:
    text = "conv  3 => 4\n"
    found, (diagnostic,) = format_source(Source("x", text))
    assert (found, diagnostic.code) == (text, "NET002")


ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("examples/*.net")) + sorted(ROOT.glob("netdsl/library/*.net")), ids=str
)
def test_what_ships_is_canonical(path):
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text


def mistake(source: Source, written: str) -> Diagnostic:
    start = source.text.index(written)
    return Diagnostic("NET103", "a mistake", source.span(start, start + len(written)))


@pytest.mark.parametrize(
    ("text", "wrong", "expected"),
    [
        ("dropout  p0.5;  relu", "p0", "dropout  p0.5; relu\n"),
        ("residual {  conv  8;  dropout  p0.5 }", "p0", "residual { conv 8; dropout  p0.5 }\n"),
        ("residual  oops {  conv  8 }", "oops", "residual  oops {  conv  8 }\n"),
        ("residual {\n conv  8 k3.5  # why\n  relu }\n", "k3", "residual {\n  conv  8 k3.5  # why\n  relu\n}\n"),
        ("if  {\n   relu   # a\n\n  bn }  # b\nrelu   # c", "if", "if  {\n   relu   # a\n\n  bn }  # b\nrelu  # c\n"),
        ("conv  8;  conv  8", "  8;", "conv  8; conv 8\n"),
    ],
)
def test_a_statement_with_a_mistake_stays_as_it_is(text: str, wrong: str, expected: str) -> None:
    source = Source("net", text)
    assert format_source(source, [mistake(source, wrong)]) == (expected, [])
    again = Source("net", expected)
    assert format_source(again, [mistake(again, wrong)]) == (expected, [])


def test_a_warning_or_a_mistake_of_another_text_changes_nothing() -> None:
    source, other = Source("net", "conv  8"), Source("blocks", "conv  8")
    warning = mistake(source, "conv")._replace(code="NET901")
    assert format_source(source, [warning, mistake(other, "conv")]) == ("conv 8\n", [])


@given(st.integers(0, 2**32 - 1).map(texts.write).filter(lambda text: len(text) <= 2_000))
def test_spliced_texts_have_one_canonical_form(written):
    found, mistakes = format_source(Source("net", written))
    if mistakes:
        assert found == written
    else:
        assert format_source(Source("net", found)) == (found, [])


STEPS = [
    "linear 6 as one", "again one", "again one as two", "residual { linear 6; relu; mul low } factor=0.5 as res",
    "again res", "from low; tanh", "from low; again one", "mul 0.17; add 1", "concat { relu as r } { again r }",
    "weightnorm { linear 6 as w; relu; again w }", "repeat (2>1) { again one; relu }",
    "unflatten 0 2x3; attention 3 from=memory; flatten; linear 6",
]  # fmt: skip
"""Statements of a net whose labels are `low` and `memory`; what does not fit is left out."""

AROUND = [
    "init kaiming_normal on=linear,one nonlinearity=relu", "init normal std=0.01 bias=0", "init zeros on=low",
    "output low last", "output last", "loss low mse weight=0.3", "loss mae",
]  # fmt: skip


@st.composite
def wired_nets(draw: st.DrawFn) -> str:
    """A net of the statements that came last into the language, each of which fits where it stands."""
    names = draw(st.sampled_from(["input side=6 memory=5x8", "input 6"]))
    lines = [names, *(["from memory; mean; linear 6"] if "memory" in names else []), "linear 6 as low"]
    for line in draw(st.lists(st.sampled_from(STEPS), max_size=6)):
        if not errors(meaning_of("\n".join([*lines, line]))[1]):
            lines.append(line)
    lines.append("linear 6 as last")
    for line in draw(st.lists(st.sampled_from(AROUND), unique=True)):
        if not errors(meaning_of("\n".join([*lines, line]))[1]):
            lines.insert(draw(st.integers(0, len(lines))), line)
    return "\n".join(lines) + "\n"


def meaning_of(written: str) -> tuple[object, list[Diagnostic]]:
    """What a text means, its places left out, and its diagnostics."""
    experiment, found = check(Source("net", written), REGISTRY)
    if experiment is None:
        return None, found
    record = json.loads(shapes_json(experiment.network, "net"))
    for one in record["layers"]:
        del one["line"], one["column"]
    inits = [(one.component.name, one.arguments, one.settings) for one in experiment.network.inits]
    losses = [(one.component.name, one.arguments, vars(one).get("output")) for one in experiment.uses.get(Loss, ())]
    return (record, inits, losses), found


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_the_canonical_form_means_the_same(data: st.DataObject) -> None:
    written = data.draw(wired_nets())
    laid_out = data.draw(untidy(parse(Source("net", written))[0]))
    canonical, _ = format_source(Source("net", laid_out))
    assert format_source(Source("net", canonical)) == (canonical, [])
    assert meaning_of(canonical)[0] == meaning_of(laid_out)[0] == meaning_of(written)[0] is not None
