"""Every text that a user reads, gathered from the program: what a catalogue of translations must hold.

`python -m tests.locale.messages` brings `netdsl/locale/*/LC_MESSAGES/netdsl.po` up to date: new texts come without a
translation, texts that are gone leave, and `netdsl.mo`, which the program reads, is made anew. With `--missing` it
prints the texts that still lack a translation.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import cleandoc
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from netdsl.cli import netdsl
from netdsl.cli.shared.commands import SECTIONS, read_listed
from netdsl.codes import all_codes
from netdsl.components import Component, Layer
from netdsl.components.component import parameters_of
from netdsl.core.ranges import Range
from netdsl.core.translation import DOMAIN, ENGLISH, FOLDER, LANGUAGES
from netdsl.language.statements import STATEMENTS
from netdsl.plugins.registry import load_registry
from tests.text_makers import MAKERS, PROGRAMS

Message = str | tuple[str, str]
"""A template; or two, for one thing and for several."""

PACKAGE = FOLDER.parent
PAGES = "tests/docs/pages.py"
"""What makes pages of the site."""

OTHERS_WORDS = {
    "builtins/datasets/torchvision_small.py": "names of classes",
    "cli/__init__.py": "the name of the program, and its version",
    "cli/look.py": "options",
    "cli/shared/errors.py": "a pattern for click's messages",
    "cli/shared/rewriting.py": "what diff writes",
    "data/image_files.py": "what Pillow warns of",
    "data/lettering.py": "names of fonts",
    PAGES: "what is said to those who write pages",
    "docs/site": "XML, and words that have their Chinese beside them",
    "drawing/raster.py": "names of fonts",
    "editor/actions.py": "kinds of actions",
    "lsp/conversion.py": "kinds of actions",
    "notebook/magic.py": "options of a magic command, which IPython prints in English",
    "play/guard.py": "a header of HTTP",
    "play/static": "nets and patterns",
    "render/annotations.py": "JUnit's XML",
    "scaffold/__init__.py": "names of files",
    "training/machine/device.py": "what torch says where memory runs out",
    "training/reporting/tensorboard.py": "names of threads and charts",
}
"""Where literals with words are no texts; what makers of texts are given there is gathered all the same."""

WORDS_OF_PAGES = (
    "error",
    "warning",
    "example",
    "output size",
    "instead",
    "statements",
    "lints",
    "callbacks",
    "commands",
    "data",
    "forward",
    "backward",
    ", ",
)
"""Headings and marks that reach `translate` by a variable."""

CLICK = (
    "Usage:",
    "Options",
    "Commands",
    "Show this message and exit.",
    "Show the version and exit.",
    "[default: {default}]",
    "default: {default}",
    "required",
)
"""What click writes into every help; it asks gettext, as we do."""

WORDS = re.compile(r"[A-Za-z]{2,}[^A-Za-z]* [^A-Za-z]*[A-Za-z]+|\{\w+\}.*[A-Za-z]{2,}|[A-Za-z]{2,}.*\{\w+\}")


def messages() -> list[Message]:
    """All of them, each once, in the order of the places where they stand."""
    found = [*_written(), *_declared(), *_help(), *WORDS_OF_PAGES, *CLICK]
    several = {one[0] for one in found if isinstance(one, tuple)}
    # gettext keeps one entry under a template: one that stands alone would be translated as several things.
    assert not several.intersection(one for one in found if isinstance(one, str)), "a plural and none"
    return list(dict.fromkeys(one for one in found if one))


def _written() -> Iterator[Message]:
    """Templates and literals in the code."""
    root = PACKAGE.parent
    for path in (*sorted(PACKAGE.rglob("*.py")), *sorted((root / "docs" / "site").glob("*.py")), root / PAGES):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = path.relative_to(PACKAGE.parent).as_posix().removeprefix("netdsl/")
        others = {id(node) for node in _no_texts(tree)}
        names = _assigned(tree)
        for node in ast.walk(tree):
            match node:
                case ast.Call(ast.Name("ntext"), [one, many]):
                    # Of an alternative, both branches are paired in their order.
                    yield from zip(_literals(one, names), _literals(many, names), strict=True)
                case ast.Call(ast.Name("text"), [ast.Subscript() as table]):
                    yield from _constants(table, names)
                case ast.Call(ast.Name("text"), [template]):
                    yield from _literals(template, names)
                case ast.Call(ast.Name("translate"), [given]) | ast.Call(
                    ast.Name("map"), [ast.Name("translate"), given]
                ):
                    yield from _constants(given, names)
                case ast.Call(ast.Name(name) | ast.Attribute(_, name)) if MAKERS.fullmatch(name):
                    given = [*node.args, *(keyword.value for keyword in node.keywords)]
                    yield from (value for one in given for value in _literals(one, {}) if _is_sentence(value))
                case ast.Constant(str(value)) if (
                    id(node) not in others and not place.startswith((*PROGRAMS, *OTHERS_WORDS)) and _is_sentence(value)
                ):
                    yield value


def _no_texts(tree: ast.Module) -> Iterator[ast.AST]:
    """Strings that no user reads: docstrings, assertions, examples, patterns, types, what messages of others hold.

    What `ntext` is given is gathered in pairs, and pieces of f-strings are no whole texts.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value):
                yield value
            case ast.Assert(msg=ast.expr() as said):
                yield said
            case ast.keyword("example" | "instead" | "usage" | "formula", value):
                yield value
            case ast.Call(ast.Name("cast"), [kind, _]):
                yield kind
            case ast.Assign([ast.Name("FORMULA")], value):
                yield value
            case ast.Compare() | ast.Subscript(ast.Name()) | ast.Call(ast.Attribute(attr="split")):
                yield from ast.walk(node)
            case ast.JoinedStr() | ast.Call(ast.Name("ntext") | ast.Attribute(ast.Name("re"))):
                yield from ast.walk(node)


def _assigned(tree: ast.Module) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def _literals(node: ast.expr, names: dict[str, list[ast.expr]]) -> list[str]:
    """The literals that an expression may be."""
    match node:
        case ast.Constant(str(value)):
            return [value]
        case ast.IfExp(_, body, orelse):
            return _literals(body, names) + _literals(orelse, names)
        case ast.Name(name):
            return [one for value in names.get(name, []) for one in _literals(value, {})]
    return []


def _constants(node: ast.expr, names: dict[str, list[ast.expr]]) -> Iterator[str]:
    """Every text in an expression, and in the tables that it names."""
    keys = {id(key) for part in ast.walk(node) if isinstance(part, ast.Dict) for key in part.keys}
    for part in ast.walk(node):
        match part:
            case ast.Constant(str(value)) if id(part) not in keys and re.search("[A-Za-z]{2}", value):
                yield value
            case ast.Name(name):
                yield from (one for value in names.get(name, []) for one in _constants(value, {}))


def _is_sentence(value: str) -> bool:
    return WORDS.search(value) is not None and not re.fullmatch("<.*>", value)


def _declared() -> Iterator[str]:
    """What components, statements, ranges and codes say of themselves."""
    registry = load_registry(installed=False)
    for components in registry.components.values():
        for component in components.values():
            yield from _of_component(component)
    for statement in STATEMENTS.values():
        yield statement.doc
        if re.search(r"\bor\b", statement.usage):
            yield statement.usage
        if statement.settings:
            yield from (one.doc for one in parameters_of(statement.settings).values())
    for kind in _subclasses(Range):
        yield from (getattr(kind, name) for name in ("words", "refusal") if name in vars(kind))
    for code in all_codes().values():
        yield from (code.title, code.meaning)


def _of_component(component: Component) -> Iterator[str]:
    yield from (component.kind, component.plural, component.unknown)
    if isinstance(component, Layer):
        yield component.family
        if re.search(r"\bthen?\b", component.formula):
            yield component.formula
    yield component.doc
    yield from (one.doc for one in component.parameters.values())


def _subclasses(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)


def _help() -> Iterator[str]:
    """What `--help` says of each command and its options."""
    context = click.Context(netdsl)
    yield from (*SECTIONS, cleandoc(netdsl.help or ""), netdsl.epilog or "", *_options(netdsl))
    for name in netdsl.list_commands(context):
        command = netdsl.get_command(context, name)
        assert command is not None
        yield read_listed(name).summary
        for one in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
            yield from (cleandoc(one.help or ""), one.epilog or "", *_options(one))


def _options(command: click.Command) -> Iterator[str]:
    return (one.help or "" for one in command.params if isinstance(one, click.Option))


def update(language: str) -> Catalog:
    """The catalogue of a language as it stands, with the messages that there are now."""
    path = place(language)
    template = Catalog(project="netdsl", fuzzy=False)
    for one in messages():
        template.add(one)
    with io.BytesIO(path.read_bytes() if path.exists() else b"") as file:
        catalogue = read_po(file, locale=language)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    for one in catalogue:
        # A guess, where a template has got a plural or has lost it; the flag of the file's head means nothing.
        if one.id and one.fuzzy:
            one.flags, one.string = set(), ""
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """The text of a catalogue, with nothing in it that would change by itself."""
    with io.BytesIO() as file:
        write_po(file, catalogue, width=100, omit_header=False, sort_output=False)
        head, _, rest = file.getvalue().partition(b"\n\n")
        kept = [
            line
            for line in head.split(b"\n")
            if not re.match(rb'#|"(POT?-|Report|Generated|Last-T|Language-Team|Project)', line)
        ]
        return b"\n".join(kept) + b"\n\n" + rest


def compiled(catalogue: Catalog) -> bytes:
    """What the program reads: the translations alone."""
    # Otherwise the time of writing would stand in it.
    catalogue.creation_date = catalogue.revision_date = datetime.fromtimestamp(0, UTC)
    with io.BytesIO() as file:
        write_mo(file, catalogue)
        return file.getvalue()


def place(language: str) -> Path:
    """Where the catalogue of a language stands."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def missing(catalogue: Catalog) -> list[Message]:
    """The messages without a translation."""
    return [one.id for one in catalogue if one.id and not all(translations(one))]


def translations(message: Entry) -> tuple[str, ...]:
    """What a message is translated to: one text, or one for each way in which the language counts; empty if none."""
    found = message.string or ""
    return (found,) if isinstance(found, str) else tuple(found)


def originals(message: Entry) -> tuple[str, ...]:
    """The template of a message; or two, for one thing and for several."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def main() -> None:
    """Brings every catalogue up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missing", action="store_true", help="print what lacks a translation")
    given = parser.parse_args()
    for language in LANGUAGES.keys() - {ENGLISH}:
        catalogue = update(language)
        place(language).write_bytes(written(catalogue))
        place(language).with_suffix(".mo").write_bytes(compiled(catalogue))
        lacking = missing(catalogue)
        if given.missing:
            print(*map(repr, lacking), sep="\n")
        print(f"{language}: {len(catalogue)} texts, {len(lacking)} without a translation")


if __name__ == "__main__":
    main()
