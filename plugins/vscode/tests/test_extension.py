"""The extension for VS Code: its own tests, its grammar against the parser, its settings against the server."""

import json
import re
import subprocess
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from netdsl import __version__
from netdsl.checker import check
from netdsl.core.diagnostics import errors
from netdsl.core.source import Source
from netdsl.language.statements import STATEMENTS
from netdsl.lsp.settings import ServerSettings
from netdsl.plugins.registry import load_registry
from tests.language.words import FILES, documented, read_words
from tests.needs import needs, needs_file

ROOT = Path(__file__).parents[1]
MANIFEST = json.loads((ROOT / "package.json").read_text("utf-8"))
GRAMMAR = json.loads((ROOT / "syntaxes" / "netdsl.tmLanguage.json").read_text("utf-8"))

SCOPES = {
    "ARROW": ["keyword.operator.arrow"],
    "AS": ["keyword.other.as"],
    "COMPARISON": ["keyword.operator.arithmetic"],
    "COMMA": ["punctuation.separator"],
    "EQUAL": ["keyword.operator.assignment"],
    "HOLE": ["keyword.other.hole"],
    "HOLED_SHORT": ["variable.parameter.short", "keyword.other.hole"],
    "LBRACE": ["punctuation.section.braces"],
    "LPAR": ["punctuation.section.parens"],
    "MINUS": ["keyword.operator.arithmetic"],
    "NUMBER": ["constant.numeric"],
    "PATH": ["string.unquoted"],
    "PLUS": ["keyword.operator.arithmetic"],
    "RBRACE": ["punctuation.section.braces"],
    "RELATION": ["keyword.operator.assignment"],
    "RPAR": ["punctuation.section.parens"],
    "SHORT": ["variable.parameter.short", "constant.numeric"],
    "SIZE": ["constant.numeric.size"],
    "STRING": ["string.quoted.double"],
    "TIMES": ["keyword.operator.arithmetic"],
}
"""The scopes into which each terminal of the parser's grammar is cut; a `NAME` depends on its place."""

NAMES = ("entity.name.", "keyword.", "storage.type.", "variable.", "constant.language")


@pytest.fixture(scope="session")
def installed() -> Path:
    """The extension's folder with its packages: `npm install` has been run in it."""
    needs("node")
    needs_file(ROOT / "node_modules" / "vscode-textmate", f"run `npm install` in {ROOT.name}")
    return ROOT


@pytest.fixture(scope="session")
def tokens(installed: Path) -> dict[str, list[tuple[int, int, str]]]:
    return tokenize(installed, *FILES)


def tokenize(installed: Path, *files: Path) -> dict[str, list[tuple[int, int, str]]]:
    command = ["node", str(installed / "tests" / "tokenize.mjs"), *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    found: dict[str, list[tuple[int, int, str]]] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_grammar_cuts_words_as_the_parser_does(path: Path, tokens: dict[str, list[tuple[int, int, str]]]) -> None:
    check_scopes(path.read_text(encoding="utf-8"), tokens[str(path)])


def test_the_grammar_cuts_the_nets_of_the_documentation_too(installed: Path, tmp_path: Path) -> None:
    paths = {tmp_path / f"{number}.net": text for number, text in enumerate(documented())}
    assert len(paths) > 100
    for path, text in paths.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    found = tokenize(installed, *paths)
    for path, text in paths.items():
        check_scopes(text, found[str(path)])


def check_scopes(text: str, tokens: list[tuple[int, int, str]]) -> None:
    scopes = {start: (end, scope) for start, end, scope in tokens}
    for word in read_words(text):
        if word.type == "_SEPARATOR":
            continue
        at, found = len(text[: word.start_pos].encode("utf-16-le")) // 2, []
        end = at + len(str(word).encode("utf-16-le")) // 2
        while at < end:
            at, scope = scopes[at]
            found.append(scope.removesuffix(".netdsl"))
        assert at == end, word
        if word.type == "NAME":
            assert len(found) == 1
            assert found[0].startswith(NAMES), word
        elif found not in (["entity.name.tag"], ["entity.name.type"]):  # `as e3`, `metrics r2`: names like shorts
            assert found == SCOPES[word.type], word


def test_the_grammar_knows_every_statement() -> None:
    words = {
        word
        for pattern in GRAMMAR["patterns"]
        if "statement" in pattern.get("comment", "")
        for word in re.search(r"\(([a-z|]+)\)", pattern["match"])[1].split("|")
    }
    assert words == {*STATEMENTS}
    named = {name for name, kind in STATEMENTS.items() if kind.component}
    pattern = next(each for each in GRAMMAR["patterns"] if "component" in each.get("comment", ""))
    assert set(re.search(r"\(([a-z|]+)\)", pattern["match"])[1].split("|")) == named


def test_the_settings_are_those_of_the_server() -> None:
    properties: dict[str, Any] = MANIFEST["contributes"]["configuration"]["properties"]
    flags = {name.removeprefix("netdsl.").removeprefix("hints."): each["default"] for name, each in properties.items()}
    server = ServerSettings()
    assert {name: flags[name] for name in (field.name for field in fields(server))} == vars(server)


SNIPPETS = json.loads((ROOT / "snippets" / "netdsl.json").read_text("utf-8"))
AROUND = {
    "An experiment": "{}",
    "Convolution, normalisation, activation": "input 3x32x32\n{}",
    "A block": "input 3x8x8\n{}\nunit 4",
    "A residual": "input 64x8x8\n{}",
    "Rounds": "input 64x8x8\n{}",
    "A variant": "let width=64\ninput 8; linear width\n{}",
    "A data set of files": "{}\nflatten; linear 2",
    "A table": "{}\nlinear 1",
}
"""What stands around each snippet in a file."""


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_checks(name: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("rooms,price\n1,2.5\n3,4.5\n4,6.5\n", encoding="utf-8")
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "photos" / label / "1.png")
    body = SNIPPETS[name]["body"]
    body = body if isinstance(body, str) else "\n".join(body)
    filled = re.sub(r"\$\{\d+:([^}]*)\}|\$\d+", lambda found: found[1] or "", body)
    text = AROUND[name].replace("{}", filled)
    diagnostics = check(Source("net.net", text), load_registry(installed=False), folder=tmp_path)[1]
    assert errors(diagnostics) == [], text


def test_the_extension_s_own_tests_pass(installed: Path) -> None:
    command = ["node", "--test", *map(str, sorted((installed / "tests").glob("*.test.js")))]
    ran = subprocess.run(command, cwd=installed, capture_output=True, text=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stdout


def test_the_script_packs_an_extension(installed: Path, tmp_path: Path) -> None:
    target = tmp_path / "netdsl.vsix"
    command = ["node", "package.mjs", str(target)]
    ran = subprocess.run(command, cwd=installed, capture_output=True, text=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    with zipfile.ZipFile(target) as packed:
        names = set(packed.namelist())
        manifest = json.loads(packed.read("extension/package.json"))
        bundle = packed.read("extension/dist/extension.js").decode()
    assert manifest["version"] == MANIFEST["version"]
    contributed = MANIFEST["contributes"]
    paths = [each["path"] for kind in ("grammars", "snippets") for each in contributed[kind]]
    paths += [contributed["languages"][0]["configuration"], *contributed["languages"][0]["icon"].values()]
    assert {f"extension/{path.removeprefix('./')}" for path in paths} <= names
    assert all(each["command"] in bundle for each in contributed["commands"])


def test_the_version_is_that_of_netdsl() -> None:
    assert MANIFEST["version"] == __version__
