import pytest

from netdsl.core.source import Source
from netdsl.language.formatter import format_source
from netdsl.language.parser import parse
from netdsl.language.syntax import (
    Body,
    Bound,
    Flow,
    Hole,
    Item,
    Name,
    Negative,
    Number,
    Operation,
    Parenthesis,
    Sequence,
    Setting,
    Short,
    Size,
    Statement,
    String,
    Term,
    Value,
)
from tests.language.strategies import SPAN

TASTE = """\
# examples/tudui.net — one file is one experiment
input 3x32x32

conv 3->32 k5 p2; maxpool 2
flatten
linear 1024->64

data cifar10 batch=64
optimizer sgd lr=0.01
let width=64 depth=2 act=relu          # `--set act=gelu` overrides
variant wide width=128 depth=3
budget params<=25M macs<=4G
use "blocks.net"

block basic out stride=1 {             # a definition mirrors its use: basic 128 stride=2
  residual {
    conv out k3 s=stride p1 bias=false; bn; relu
  } shortcut {                         # left out: identity
    conv out k1 s=stride bias=false; bn
  }
  relu
}

conv width k7 s2 p3 as stem; act
repeat depth { basic (width*2) }
concat { conv 64 k1 } { conv 96 k1; relu } { maxpool 3 s1 p1 }
concat { } { bn; relu; conv 32 k3 p1 } # an empty body is the identity
residual project { conv 64 k3 }
nn.Hardshrink lambd=0.3
data folder "photos" { resize 32; normalize mean=0.49,0.48,0.44 }
conv p? s? (in*6)
linear ?->64
"""


def name(text: str) -> Name:
    return Name(text, SPAN)


def number(value: float) -> Number:
    return Number(value, SPAN)


def setting(word: str, value: Value) -> Setting:
    return Setting(name(word), value, SPAN)


def flow(left: Value | None, right: Value) -> Flow:
    return Flow(left, right, SPAN)


def short(letter: str, value: int) -> Short:
    return Short(letter, number(value), SPAN)


def statement(word: str, *items: Item, flow: Flow | None = None, label: str = "") -> Statement:
    return Statement(name(word), flow, items, name(label) if label else None, SPAN)


def body(*statements: Statement) -> Body:
    return Body(statements, SPAN)


def one(text: str) -> Statement:
    file, diagnostics = parse(Source("x", text))
    assert diagnostics == []
    (found,) = file.statements
    return found


def test_the_taste_of_the_language() -> None:
    file, diagnostics = parse(Source("x", TASTE))
    assert diagnostics == []
    assert file.statements == (
        statement("input", Size((3, 32, 32), SPAN)),
        statement("conv", short("k", 5), short("p", 2), flow=flow(number(3), number(32))),
        statement("maxpool", number(2)),
        statement("flatten"),
        statement("linear", flow=flow(number(1024), number(64))),
        statement("data", name("cifar10"), setting("batch", number(64))),
        statement("optimizer", name("sgd"), setting("lr", number(0.01))),
        statement("let", setting("width", number(64)), setting("depth", number(2)), setting("act", name("relu"))),
        statement("variant", name("wide"), setting("width", number(128)), setting("depth", number(3))),
        statement("budget", *(Bound(name(it), number(most), SPAN) for it, most in (("params", 25e6), ("macs", 4e9)))),
        statement("use", String("blocks.net", SPAN)),
        statement(
            "block",
            name("basic"),
            name("out"),
            setting("stride", number(1)),
            body(
                statement(
                    "residual",
                    body(
                        statement(
                            "conv",
                            name("out"),
                            short("k", 3),
                            setting("s", name("stride")),
                            short("p", 1),
                            setting("bias", name("false")),
                        ),
                        statement("bn"),
                        statement("relu"),
                    ),
                    name("shortcut"),
                    body(
                        statement(
                            "conv",
                            name("out"),
                            short("k", 1),
                            setting("s", name("stride")),
                            setting("bias", name("false")),
                        ),
                        statement("bn"),
                    ),
                ),
                statement("relu"),
            ),
        ),
        statement("conv", name("width"), short("k", 7), short("s", 2), short("p", 3), label="stem"),
        statement("act"),
        statement(
            "repeat",
            name("depth"),
            body(statement("basic", Parenthesis(Operation(("*",), (name("width"), number(2)), SPAN), SPAN))),
        ),
        statement(
            "concat",
            body(statement("conv", number(64), short("k", 1))),
            body(statement("conv", number(96), short("k", 1)), statement("relu")),
            body(statement("maxpool", number(3), short("s", 1), short("p", 1))),
        ),
        statement(
            "concat",
            body(),
            body(statement("bn"), statement("relu"), statement("conv", number(32), short("k", 3), short("p", 1))),
        ),
        statement("residual", name("project"), body(statement("conv", number(64), short("k", 3)))),
        statement("nn.Hardshrink", setting("lambd", number(0.3))),
        statement(
            "data",
            name("folder"),
            String("photos", SPAN),
            body(
                statement("resize", number(32)),
                statement("normalize", setting("mean", Sequence((number(0.49), number(0.48), number(0.44)), SPAN))),
            ),
        ),
        statement(
            "conv",
            Short("p", Hole(SPAN), SPAN),
            Short("s", Hole(SPAN), SPAN),
            Parenthesis(Operation(("*",), (name("in"), number(6)), SPAN), SPAN),
        ),
        statement("linear", flow=flow(Hole(SPAN), number(64))),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv c1->c2", statement("conv", flow=flow(name("c1"), name("c2")))),
        ("conv c1 -> c2 c3", statement("conv", short("c", 3), flow=flow(name("c1"), name("c2")))),
        ("conv s=c1 c1=2", statement("conv", setting("s", name("c1")), setting("c1", number(2)))),
        ("conv k3x5", statement("conv", Short("k", Size((3, 5), SPAN), SPAN))),
        ("conv p? q ?", statement("conv", Short("p", Hole(SPAN), SPAN), name("q"), Hole(SPAN))),
        ("c1 c2<=c3", statement("c1", Bound(name("c2"), name("c3"), SPAN))),
        ("b1 k=H k=HxW", statement("b1", setting("k", name("H")), setting("k", Size(("H", "W"), SPAN)))),
        ("x as c1", statement("x", label="c1")),
        ("as as as", statement("as", label="as")),
        ("x k3,c1,0.5", statement("x", Sequence((name("k3"), name("c1"), number(0.5)), SPAN))),
        ("conv (c1)", statement("conv", Parenthesis(name("c1"), SPAN))),
        ("conv(3) k5", statement("conv", Parenthesis(number(3), SPAN), short("k", 5))),
        ("conv ->3", statement("conv", flow=flow(None, number(3)))),
        ("conv 3 -1", statement("conv", number(3), number(-1))),
        ("k3x5y 1", statement("k3x5y", number(1))),
        ("größe a.b1.c", statement("größe", name("a.b1.c"))),
        ("x -1x3x3", statement("x", Size((-1, 3, 3), SPAN))),
        ("x { }{ }", statement("x", body(), body())),
    ],
)
def test_shorts_and_names(text: str, expected: Statement) -> None:
    assert one(text) == expected


def operation(operators: str, *terms: Term) -> Operation:
    return Operation(tuple(operators.split()), terms, SPAN)


A, B, C = name("a"), name("b"), name("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a+b*c", operation("+", A, operation("*", B, C))),
        ("a*b+c", operation("+", operation("*", A, B), C)),
        ("a-b+c", operation("- +", A, B, C)),
        ("a//b/c%a", operation("// / %", A, B, C, A)),
        ("a+b>=c", operation(">=", operation("+", A, B), C)),
        ("(a<b)*c", operation("*", Parenthesis(operation("<", A, B), SPAN), C)),
        ("(a+b)*c", operation("*", Parenthesis(operation("+", A, B), SPAN), C)),
        ("-a*b", operation("*", Negative(A, SPAN), B)),
        ("a-1", operation("-", A, number(1))),
        ("a -1", operation("-", A, number(1))),
        ("(a)-1", operation("-", Parenthesis(A, SPAN), number(1))),
        ("2-1", operation("-", number(2), number(1))),
        ("-1-a", operation("-", number(-1), A)),
        ("a--1", operation("-", A, number(-1))),
        ("a*-b", operation("*", A, Negative(B, SPAN))),
        ("c1*k3", operation("*", name("c1"), name("k3"))),
        ("- 1", Negative(number(1), SPAN)),
    ],
)
def test_precedence(text: str, expected: Term) -> None:
    for spaced in (text, f" {text} ", text.replace("*", " * ").replace("+", "\t+ ")):
        assert one(f"x ({spaced})").items == (Parenthesis(expected, SPAN),)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("0", 0), ("-1", -1), ("007", 7), ("0.5", 0.5), (".5", 0.5), ("1.", 1.0), ("-.5e1", -5.0), ("1e-3", 0.001)),
        *(("150k", 150_000), ("1.2M", 1_200_000), ("3G", 3_000_000_000), ("1.5k", 1500), ("0.0001k", 0.1)),
        *(("1E3", 1000.0), ("-2k", -2000), ("2147483648", 2**31), ("9" * 40, int("9" * 40)), ("1e999", float("inf"))),
        *(
            ("9" * 41, float("inf")),
            ("-" + "9" * 5000, float("-inf")),
            ("0.1M", 100_000),
            ("2.3M", 2_300_000),
            ("1e400k", float("inf")),
        ),
    ],
)
def test_numbers(text: str, value: float) -> None:
    (found,) = one(f"x {text}").items
    assert isinstance(found, Number)
    assert (type(found.value), found.value) == (type(value), value)


def test_long_sizes_and_shorts_stay_numbers() -> None:
    long = "9" * 5000
    assert one(f"x {long}x3 k{long} k3x{long}").items == (
        Size((float("inf"), 3), SPAN),
        short("k", float("inf")),
        Short("k", Size((3, float("inf")), SPAN), SPAN),
    )


@pytest.mark.parametrize(
    "text",
    ["", "\n", "\ufeff", "# only a comment", ";;;", " \t\r\n", "#\n#", "\ufeff# a comment\r\n\r\n", "#\r"],
)
def test_texts_without_statements(text: str) -> None:
    file, diagnostics = parse(Source("x", text))
    assert (file.statements, file.invalid, diagnostics) == ((), (), [])


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a;b",
            "a\nb",
            "a;\nb",
            ";a;;b;",
            "a # x\nb",
            "a#x\n#y\nb#z",
            "\ufeffa\r\nb\r\n",
            "\n\na \t;\tb \r\n",
            "a;#\nb",
        ),
        "# ; { ( \" '\na\nb",
    ],
)
def test_separators(text: str) -> None:
    file, diagnostics = parse(Source("x", text))
    assert (file.statements, diagnostics) == ((statement("a"), statement("b")), [])


@pytest.mark.parametrize(
    "text", ["x {a;b}", "x { a\n b }", "x {\n\n  a # c\r\n # d\n b;\n}", "x {# c\na;b#}\n}", "x{a;b}"]
)
def test_bodies(text: str) -> None:
    assert one(text) == statement("x", body(statement("a"), statement("b")))


def test_marks_in_a_quoted_text_are_text() -> None:
    assert one('x "a # { ; -> \'" { a }') == statement("x", String("a # { ; -> '", SPAN), body(statement("a")))


def test_spans_count_characters() -> None:
    file, _ = parse(Source("x", "\ufeff# 層 😀\r\n  größe  k3 ;b=\nconv 3->32 { relu }  as stem # end"))
    first, last = file.statements
    assert (first.span.text, first.span.position) == ("größe  k3", (2, 3))
    assert (last.span.text, last.label and last.label.span.text) == ("conv 3->32 { relu }  as stem", "stem")
    assert [item.span.text for item in last.items] == ["{ relu }"]
    assert file.invalid[0].text == "b="


def test_the_spans_of_a_mended_statement_are_the_author_s() -> None:
    file, _ = parse(Source("x", "relu\n  crop(３, 32, k==(3, 5), p＝1) # end"))
    spans = [item.span.text for item in file.statements[1].items]
    assert spans == ["３", "32", "k==(3, 5)", "p＝1"]
    assert file.statements[1].span.text == "crop(３, 32, k==(3, 5), p＝1"


@pytest.mark.parametrize(
    "path", ["tables/a.csv", "./a", "../a/b-c", "~/a", "/a/b", "a-b.csv", "2024-01.csv", "图像/一"]
)
def test_a_path_needs_no_quotes_where_a_statement_takes_one(path):
    (statement,) = parse(Source("x", f"data csv {path} root={path}"))[0].statements
    assert statement.items[1].text == statement.items[2].value.text == path
    assert format_source(Source("x", f"use {path}"))[0] == f'use "{path}"\n'


@pytest.mark.parametrize(("text", "fix"), [("linear width/2", "write `(width/2)`"), ("pad p=1/2", "write `(1/2)`")])
def test_a_slash_elsewhere_is_arithmetic(text, fix):
    (mistake,) = parse(Source("x", text))[1]
    assert mistake.fix.message == fix
