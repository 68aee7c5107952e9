"""Programs for property tests: trees, texts that say the same in an untidy way, and texts with mistakes."""

import re

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from netdsl.core.source import Source, Span
from netdsl.language import syntax
from netdsl.language.formatter import write
from netdsl.language.syntax import Body, File, Flow, Item, Name, Statement, Value

NOWHERE = Source("", "")
SPAN = Span(NOWHERE, 0, 0)

_LIKE_A_SHORT = re.compile(r"[A-Za-z][0-9]+(x[0-9]+)*")
_LIKE_A_SIZE = re.compile(r"[A-Z](x(\d+|[A-Z]))+")

WORDS = [
    "conv",
    "relu",
    "width",
    "in",
    "c1",
    "k3x5",
    "nn.Conv2d",
    "true",
    "größe",
    "層",
    "_",
    "x",
    "H",
    "as",
    "e3",
    "k",
]
words = st.sampled_from(WORDS) | st.text("akxHW_.é19", min_size=1, max_size=5).filter(
    lambda text: re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", text) and not _LIKE_A_SIZE.fullmatch(text)
)
AS = Name("as", SPAN)
"""The one word that cannot be an argument."""

names = words.map(lambda text: Name(text, SPAN))
item_names = words.filter(lambda text: text != "as" and not _LIKE_A_SHORT.fullmatch(text)).map(
    lambda text: Name(text, SPAN)
)
integers = st.integers(0, 2**40)
numbers = (
    st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, 3, -1, 0.5])
).map(lambda value: syntax.Number(value, SPAN))
symbols = st.sampled_from("ABHWX")
sizes = st.lists(st.integers(-1, 4096) | symbols, min_size=2, max_size=4).map(
    lambda dims: syntax.Size(tuple(dims), SPAN)
)
strings = st.text(st.characters(exclude_characters='"\n', exclude_categories=["Cs"]), max_size=8).map(
    lambda text: syntax.String(text, SPAN)
)
holes = st.just(syntax.Hole(SPAN))


@st.composite
def parentheses(draw: DrawFn, depth: int = 2) -> syntax.Parenthesis:
    left = draw(sums(depth))
    sign = draw(st.sampled_from(["", "", "", "<", "<=", ">", ">=", "==", "!="]))
    inside = syntax.Operation((sign,), (left, draw(sums(depth))), SPAN) if sign else left
    return syntax.Parenthesis(inside, SPAN)


def sums(depth: int) -> SearchStrategy[syntax.Term]:
    return chains(chains(factors(depth), ["*", "/", "//", "%"]), ["+", "-"])


@st.composite
def chains(draw: DrawFn, operands: SearchStrategy[syntax.Term], signs: list[str]) -> syntax.Term:
    terms = draw(st.lists(operands, min_size=1, max_size=3))
    operators = tuple(draw(st.sampled_from(signs)) for _ in terms[1:])
    return syntax.Operation(operators, tuple(terms), SPAN) if operators else terms[0]


def factors(depth: int) -> SearchStrategy[syntax.Term]:
    atoms: SearchStrategy[syntax.Term] = names | numbers
    atoms = atoms | parentheses(depth - 1) if depth else atoms
    return atoms | atoms.map(lambda atom: syntax.Negative(atom, SPAN))


elements = numbers | names | parentheses(1)
sequences = st.tuples(elements.filter(lambda element: element != AS), st.lists(elements, min_size=1, max_size=3)).map(
    lambda found: syntax.Sequence((found[0], *found[1]), SPAN)
)
anywhere = numbers | sizes | strings | holes | parentheses() | sequences
operands: SearchStrategy[Value] = names | anywhere
shorts = st.builds(
    syntax.Short,
    st.sampled_from("kspdgKX"),
    integers.map(lambda value: syntax.Number(value, SPAN))
    | st.lists(st.integers(0, 99), min_size=2, max_size=3).map(lambda dims: syntax.Size(tuple(dims), SPAN))
    | holes,
    st.just(SPAN),
)
parameters = names.filter(lambda name: name != AS)
settings = st.builds(syntax.Setting, parameters, operands, st.just(SPAN))
bounds = st.builds(syntax.Bound, parameters, operands, st.just(SPAN), st.sampled_from(["<=", ">="]))
flows = st.builds(Flow, st.none() | operands.filter(lambda left: left != AS), operands, st.just(SPAN))


def items(depth: int) -> SearchStrategy[Item]:
    plain: SearchStrategy[Item] = item_names | anywhere | shorts | settings | bounds
    return plain | bodies(depth - 1) if depth else plain


def bodies(depth: int) -> SearchStrategy[Body]:
    return st.lists(statements(depth), max_size=3).map(lambda inside: Body(tuple(inside), SPAN))


@st.composite
def statements(draw: DrawFn, depth: int = 2) -> Statement:
    flow = draw(st.none() | flows)
    inside = draw(st.lists(items(depth), max_size=4))
    return Statement(draw(names), flow, tuple(inside), draw(st.none() | names), SPAN)


files = st.lists(statements(), max_size=5).map(lambda inside: File(tuple(inside), NOWHERE))

blanks = st.sampled_from([" ", "  ", "\t", " \t ", "\ufeff "])
comments = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=8).map("#".__add__)
line_ends = st.sampled_from(["\n", "\r\n", "\n\n", " \n\t\n\n", "\r\n\r\n"])


@st.composite
def separators(draw: DrawFn) -> str:
    parts = draw(st.lists(st.sampled_from([";", "; ", "\n", "\r\n", "\n\n\n", "#"]), min_size=1, max_size=4))
    return "".join(draw(comments) + draw(line_ends) if part == "#" else part for part in parts)


@st.composite
def untidy(draw: DrawFn, file: File) -> str:
    """A text that says what a tree says, laid out anyhow."""
    return draw(_untidy_body(file.statements))


@st.composite
def _untidy_body(draw: DrawFn, inside: tuple[Statement, ...]) -> str:
    text = draw(st.just("") | separators())
    for number, statement in enumerate(inside):
        text += (draw(separators()) if number else "") + draw(_untidy_statement(statement))
    return text + draw(st.just("") | separators())


@st.composite
def _untidy_statement(draw: DrawFn, statement: Statement) -> str:
    flow = [_apart(draw, "->", statement.flow.left, statement.flow.right)] if statement.flow else []
    words = [statement.name.text, *flow]
    for item in statement.items:
        if isinstance(item, Body):
            words.append("{" + draw(_untidy_body(item.statements)) + "}")
        elif isinstance(item, syntax.Setting):
            words.append(_apart(draw, "=", item.name, item.value))
        else:
            words.append(write(item))
    words += [f"as{draw(blanks)}{statement.label.text}"] if statement.label else []
    return draw(blanks).join(words)


def _apart(draw: DrawFn, sign: str, left: Value | None, right: Value) -> str:
    return (write(left) if left else "") + draw(st.just("") | blanks) + sign + draw(st.just("") | blanks) + write(right)


TOKENS = [
    *("conv", "3->32", "k5", "p?", "s=2", "params<=25M", "3x32x32", '"abc"', "as", "stem", "0.5,0.5", "(width*2)"),
    *("{", "}", "(", ")", ";", "\n", ",", "->", "=", "<=", "?", "#", '"', "'", "-", "*", "//", "→", "，", "｛", "；"),
    *("\r\n", "\t", "\0", "\ud800", "\ufeff", "9" * 50, "1e999", "=>", "==", "let x=1", "    ", "\n{", "}\n", "[1, 2]"),
]
soups = st.lists(st.sampled_from(TOKENS) | st.sampled_from([" ", "\n"]), max_size=40).map("".join)


@st.composite
def mutations(draw: DrawFn, texts: SearchStrategy[str]) -> str:
    """A text with a few characters lost, doubled, changed or put in."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 3)))
        text = text[:start] + draw(st.sampled_from(["", text[start:end] * 2, *TOKENS])) + text[end:]
    return text
