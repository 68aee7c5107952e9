"""Every text that a user reads is a template with named fields: literal, whole, and filled by name.

A catalogue of another language can then translate the templates. What would escape it is refused here: an f-string or a
sum of strings with words in it, a template that is no literal, fields that do not match, words handed over as a field.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from netdsl.core.ranges import Above, AtLeast, Closed, HalfOpen, Open, Range
from netdsl.core.text import join_and, join_or, ntext, text
from netdsl.plugins.registry import load_registry
from netdsl.render.vocabulary import names
from tests.text_makers import MAKERS, PROGRAMS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "netdsl"

WORDS = re.compile(r"(?<![-A-Za-z])[A-Za-z]{2,}[,;:']? | (?!(ms|kB|MB|MiB|GiB)\b)[A-Za-z]{2,}")
"""A word beside a space: what tells a piece of a sentence from a name, a path, a number with its unit or an option."""

TABLES = {
    "checker/arguments/values.py": "templates are entries of a table, by type",
    "language/recovery/messages.py": "templates are entries of a table, by terminal",
    "checker/experiment": "templates are chosen by quantity, by target, by transform or by the kind of component",
    "checker/names": "templates are attributes of the kinds of component",
    "builtins/layers/normalisation.py": "the template is an argument, for a sample and for a channel",
    "lints/rules/unused_variable.py": "the template is an argument, for variables and for parameters",
    "core/files.py": "templates are entries of a table, by number of the system",
    "core/ranges.py": "templates are attributes of the ranges, over the fields of each",
    "core/text.py": "what makes texts of templates",
    "checker/shapes/size_mismatch.py": "templates are entries of a table, by parameter",
}
"""Where a template is chosen from several, which are literals."""


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _is_in(path: Path, places: dict[str, str]) -> bool:
    inside = path.relative_to(PACKAGE).as_posix()
    return any(inside == place or inside.startswith(f"{place}/") for place in places)


def _has_words(node: ast.AST) -> bool:
    """Whether a string is put together here from pieces, one of which has words."""
    match node:
        case ast.JoinedStr(values):
            return not _is_statement(node) and any(_is_words(part.value) for part in _constants(values))
        case ast.BinOp(left, ast.Add() | ast.Mod(), right):
            return any(isinstance(side, ast.Constant) and _is_words(side.value) for side in (left, right))
    return False


def _is_statement(node: ast.JoinedStr) -> bool:
    """Whether a string is a statement of the language: `resize {height}x{width}`."""
    words = [word for part in _constants(node.values) for word in re.findall(r"[A-Za-z]{2,}", str(part.value))]
    return len(words) == 1 and words[0] in _language()


@cache
def _language() -> frozenset[str]:
    return frozenset(names(load_registry(installed=False)))


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _constants(values: list[ast.expr]) -> list[ast.Constant]:
    return [value for value in values if isinstance(value, ast.Constant)]


def _is_words(value: object) -> bool:
    return isinstance(value, str) and WORDS.search(value) is not None


def _joins_words(node: ast.AST) -> bool:
    """`" and ".join(…)`; statements of the language are joined by `; ` in a field."""
    match node:
        case ast.Call(ast.Attribute(ast.Constant(str(separator)), "join")):
            return re.search("[a-z]{2}", separator) is not None
    return False


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
    return ""


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Call):
            yield node


def _place(path: Path, node: ast.expr) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def test_no_text_is_put_together_from_pieces() -> None:
    found = [
        f"{_place(path, node)}: {ast.unparse(node)}"
        for path in _modules()
        if not _is_in(path, PROGRAMS)
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.expr) and (_has_words(node) or _joins_words(node))
    ]
    assert not found, "\n".join(found)


def test_what_is_shown_to_a_user_is_a_literal_or_a_template() -> None:
    found = []
    for path in _modules():
        for call in _calls(path):
            if MAKERS.fullmatch(_name(call)):
                given = [*call.args, *(keyword.value for keyword in call.keywords)]
                found += [f"{_place(path, one)}: {ast.unparse(one)}" for one in given if _has_words(one)]
    assert not found, "\n".join(found)


def _templates() -> Iterator[tuple[str, ast.Call, list[list[str]]]]:
    """The calls that make texts, with the literals that each template may be; none where that is not seen."""
    for path in _modules():
        tree = _parsed(path)
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for scope in (tree, *functions) if path != PACKAGE / "core/text.py" else ():
            own = list(_own_nodes(scope))
            named: dict[str, list[ast.expr]] = defaultdict(list)
            for node in own:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    named[node.targets[0].id].append(node.value)
            for node in own:
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("text", "ntext"):
                    found = [_literals(one, named) for one in node.args]
                    if all(found) or not _is_in(path, TABLES):
                        yield _place(path, node), node, found


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function or a module, but in none of the functions in it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, ast.FunctionDef):
            yield node
            yield from _own_nodes(node)


def _literals(node: ast.expr, named: dict[str, list[ast.expr]]) -> list[str]:
    match node:
        case ast.Constant(str(value)):
            return [value]
        case ast.IfExp(_, body, orelse):
            return _literals(body, named) + _literals(orelse, named)
        case ast.Name(name):
            return [one for value in named.get(name, []) for one in _literals(value, {**named, name: []})]
    return []


def test_a_template_is_a_literal_whose_fields_are_those_that_are_given() -> None:
    """Where one of several templates is chosen, each may leave out what only another needs."""
    wrong = []
    for place, call, found in _templates():
        given = {keyword.arg for keyword in call.keywords if keyword.arg}
        plural = _name(call) == "ntext"
        if len(found) != 1 + plural or not all(found):
            wrong.append(f"{place}: {ast.unparse(call)} is made of no literal")
        named = {"count"} if plural else set()
        named = named.union(*(_fields(template) for templates in found for template in templates))
        spread = len(given) < len(call.keywords)
        one_of_them = any(_fields(template) == given for templates in found for template in templates)
        if named != given and not one_of_them and not (spread and named >= given):
            wrong.append(f"{place}: {sorted(named)} are named, {sorted(given)} are given")
    assert wrong == []


@pytest.mark.parametrize("found", [AtLeast(1), Above(1), Closed(1, 2), Open(1, 2), HalfOpen(1, 2)], ids=type)
def test_a_range_s_templates_name_its_bounds(found: Range) -> None:
    assert _fields(found.words) == set(found.bounds)
    assert _fields(found.refusal) == {"name", "value", *found.bounds}


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_no_field_is_words() -> None:
    """A field is a name, a number, a shape or quoted source: words belong into the template."""
    wrong = []
    for place, call, _ in _templates():
        for keyword in call.keywords:
            parts = [keyword.value, *_branches(keyword.value)]
            if any((isinstance(part, ast.Constant) and _is_words(part.value)) or _has_words(part) for part in parts):
                wrong.append(f"{place}: {ast.unparse(keyword.value)}")
    assert not wrong, "\n".join(wrong)


def _branches(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.BoolOp(_, values):
            yield from values


def test_rooms_to_come_are_rooms() -> None:
    assert [place for place in PROGRAMS if not (PACKAGE / place).exists()] == []


@pytest.mark.parametrize(("count", "expected"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_a_number_chooses_between_singular_and_plural(count: int, expected: str) -> None:
    found = ntext("{count} file", "{count} files", count=count)
    assert (found, found.template, found.plural) == (expected, "{count} file", "{count} files")


def test_lists_are_joined_by_words_of_one_place() -> None:
    assert [join_and("a"), join_and("ab"), join_and("abc")] == ["a", "a and b", "a, b and c"]
    assert [join_or("a"), join_or("ab"), join_or("abc")] == ["a", "a or b", "a, b or c"]


def test_a_text_is_whole_in_another_process() -> None:
    import pickle

    sent = ntext("{count} file in {folder}", "{count} files in {folder}", count=2, folder="a")
    found = pickle.loads(pickle.dumps(sent))
    assert (found, found.template, found.plural, found.fields) == (sent, sent.template, sent.plural, sent.fields)
    assert text("{a}", a=1).plural is None
