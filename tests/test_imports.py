"""The house has one staircase: a module imports from its own floor or from those below, and never in a circle.

A module counts as imported wherever that is written: at the top, inside a function, under `TYPE_CHECKING`, or as the
argument of `import_module`.
"""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import netdsl

ROOT = Path(netdsl.__file__).parent
GOLDEN = Path(__file__).parent / "golden" / "imports"
FLOORS = (
    ("core",),
    ("components",),
    ("language", "library"),
    ("builtins",),
    (
        "program",
        "layer_names",
        "layer_settings",
        "checker",
        "lints",
        "analysis",
        "codes",
        "render",
        "drawing",
        "export",
        "editor",
    ),
    (
        "builder",
        "adapters",
        "importer",
        "model_export",
        "torch_layers",
        "modules",
        "data",
        "training",
        "runs",
        "reports",
        "inside",
        "bench",
    ),
    ("api", "notebook", "cli", "lsp", "play", "plugins", "scaffold", "testing", "__main__"),
)
TORCH_FLOOR = 5
HEAVY = {"torch", "torchvision", "torchmetrics", "tensorboard", "numpy", "rich", "safetensors"}

CLICK = {
    "netdsl.render.cells": "only a terminal asks for colour",
}
"""The modules of the front end that import click, though not when they are imported themselves."""


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(file): file for file in sorted(ROOT.rglob("*.py"))}
TREES = {module: ast.parse(file.read_text(encoding="utf-8")) for module, file in FILES.items()}


def floor(module: str) -> int:
    if module == "netdsl":
        return len(FLOORS)
    room = module.split(".")[1]
    floors = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    assert floors, f"{module} has no floor yet: give it one in FLOORS"
    return floors[0]


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def is_for_types_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def find_nodes(tree: ast.AST, *, at_once: bool) -> Iterator[ast.AST]:
    """All nodes; with `at_once` those that run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        if not (at_once and (isinstance(node, FUNCTIONS) or is_for_types_alone(node))):
            yield node
            yield from find_nodes(node, at_once=at_once)


def find_imports(tree: ast.AST, *, at_once: bool = False) -> set[str]:
    """What a module imports: `package.module` for `from package import module`, if that is a module of ours."""
    found, texts, asks_by_name = set(), set(), False
    for node in find_nodes(tree, at_once=at_once):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, ast.unparse(node)
            names = {f"{node.module}.{alias.name}" for alias in node.names} - {"netdsl.__version__"}
            found |= {name if name in FILES else str(node.module) for name in names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value.rstrip("."))  # of f"netdsl.cli.{name}" the constant part
        elif isinstance(node, (ast.Name, ast.Attribute)):
            asks_by_name |= ast.unparse(node).split(".")[-1] in ("import_module", "__import__")
    return found | (texts & FILES.keys() - {"netdsl"} if asks_by_name else set())


IMPORTS = {module: find_imports(tree) for module, tree in TREES.items()}
IMPORTS_AT_ONCE = {module: find_imports(tree, at_once=True) for module, tree in TREES.items()}


def find_climbs(module: str) -> set[str]:
    """What a module imports of a floor above its own."""
    ours = {name for name in IMPORTS[module] if name.split(".")[0] == "netdsl"}
    return {name for name in ours if floor(name) > floor(module)}


FRONT_END = [module for module in FILES if floor(module) < TORCH_FLOOR]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import netdsl.core.text", {"netdsl.core.text"}),
        ("from netdsl.core import text, errors", {"netdsl.core.text", "netdsl.core.errors"}),
        ("from netdsl.core.text import something", {"netdsl.core.text"}),
        ("def f():\n    import netdsl.core.text", {"netdsl.core.text"}),
        ("if TYPE_CHECKING:\n    import netdsl.core.text", {"netdsl.core.text"}),
        ("import importlib\nimportlib.import_module('netdsl.builder')", {"importlib", "netdsl.builder"}),
        ("HOMES = {'a': 'netdsl.builder'}\ndef f(name):\n    return import_module(HOMES[name])", {"netdsl.builder"}),
        ("import_module(f'netdsl.cli.{name}')", {"netdsl.cli"}),
        ("import_module(name)", set()),
        ("NAME = 'netdsl.builder'", set()),
    ],
)
def test_imports_are_found_wherever_they_are_written(text: str, found: set[str]) -> None:
    assert find_imports(ast.parse(text)) == found


def test_every_floor_has_its_rooms() -> None:
    rooms = {room for floor_ in FLOORS for room in floor_}
    assert rooms == {module.split(".")[1] for module in FILES if module != "netdsl"}


@pytest.mark.parametrize("module", FILES)
def test_no_import_climbs(module: str) -> None:
    assert find_climbs(module) == set()


@pytest.mark.parametrize("module", [module for module in FILES if floor(module) != TORCH_FLOOR])
def test_the_front_end_stays_light(module: str) -> None:
    found = IMPORTS[module] if floor(module) < TORCH_FLOOR else IMPORTS_AT_ONCE[module]
    assert not {name.split(".")[0] for name in found} & HEAVY


def test_the_front_end_does_without_click() -> None:
    assert {module for module in FRONT_END if any(name.split(".")[0] == "click" for name in IMPORTS[module])} == {
        *CLICK
    }


def test_no_imports_circle() -> None:
    graph = {module: found & FILES.keys() - {module} for module, found in IMPORTS_AT_ONCE.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_only_the_language_imports_lark() -> None:
    importers = {module for module in FILES if any(name.split(".")[0] == "lark" for name in IMPORTS[module])}
    assert {".".join(module.split(".")[:2]) for module in importers} == {"netdsl.language"}


def run_python(script: str, folder: Path) -> str:
    """The output of a process of its own, in which nothing is imported yet."""
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8")
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.stdout


CORRECT = "input 3x32x32\nconv 32 k5 p2; maxpool 2; flatten; linear 10\n"
MISTAKEN = "input 3x32x32\nconv 32 kernal=5; flatten; linear 100->10\n"
COMMAND_LINES = [
    "--help",
    "--version",
    "shapes correct.net",
    "shapes correct.net --json",
    "shapes mistaken.net",
    "check correct.net",
    "check mistaken.net",
    "check mistaken.net --format json",
    "check --explain NET201",
    "fmt correct.net",
    "fix mistaken.net",
    "layers",
    "layers conv",
    "plugins",
    "export correct.net",
    "draw correct.net",
    "draw mistaken.net",
    "draw correct.net -o net.mmd",
    "draw correct.net -o net.dot",
    "draw correct.net -o net.tikz",
]


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_commands_of_the_front_end_import_only_the_front_end(line: str, tmp_path: Path) -> None:
    (tmp_path / "correct.net").write_text(CORRECT, encoding="utf-8")
    (tmp_path / "mistaken.net").write_text(MISTAKEN, encoding="utf-8")
    script = f"""
import sys
from netdsl.cli import netdsl
try:
    netdsl.main({line.split()!r}, prog_name="netdsl")
except SystemExit:
    print()
    print(*sys.modules)
"""
    imported = run_python(script, tmp_path).splitlines()[-1].split()
    assert not HEAVY & {*imported}
    assert [name for name in imported if name in FILES and floor(name) == TORCH_FLOOR] == []


OF_OTHERS = {
    "difflib",
    "json",
    "netdsl.builtins.files.csv_tables",
    "netdsl.builtins.files.image_folders",
    "netdsl.builtins.files.npy_header",
    "netdsl.checker.solve.solver",
    "netdsl.render.diagnostics",
    "netdsl.render.shapes_json",
}
"""What only some texts and options need: readers of files, searches for sizes, messages, JSON."""


PLAIN = {
    "plain": CORRECT + "data fake 3x32x32\ntrain epochs=1\n",
    "blocks": "use resnet\ninput 3x32x32\nconv 64 k3 s2; stage basic 64 2; gap; flatten; linear 10\n",
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_net_imports_what_it_needs_and_no_more(
    name: str, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    """A module more in the list takes its time at every start: let it be imported where only others need it."""
    (tmp_path / "correct.net").write_text(PLAIN[name], encoding="utf-8")
    script = """
import sys
from netdsl.cli import netdsl
try:
    netdsl.main(["shapes", "--no-plugins", "correct.net"], prog_name="netdsl")
except SystemExit:
    print(*sys.modules)
"""
    printed = run_python(script, tmp_path)
    assert "linear" in printed
    imported = {*printed.splitlines()[-1].split()}
    assert not OF_OTHERS & imported
    own = sorted(module for module in imported if module.split(".")[0] == "netdsl")
    golden(GOLDEN / "plain.txt", "\n".join(own) + "\n")


BLOCKED = {*HEAVY, "click"}


def test_the_front_end_runs_where_only_lark_and_pluggy_are_installed(tmp_path: Path) -> None:
    script = f"""
import importlib, sys
sys.modules.update(dict.fromkeys({sorted(BLOCKED)!r}))  # `import` refuses a module that is None here
for module in {FRONT_END!r}:
    importlib.import_module(module)

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.language.formatter import format_source
from netdsl.plugins.registry import load_registry
from netdsl.render.diagnostics import render_text
from netdsl.render.shapes_json import shapes_json
from netdsl.render.table import shapes_table

registry = load_registry(installed=False)
source = Source("correct.net", {CORRECT!r})
experiment, diagnostics = check(source, registry)
print(diagnostics, shapes_table(experiment.network, source, batch=1), shapes_json(experiment.network, source.name))
print(format_source(source)[0])
print(render_text(check(Source("mistaken.net", {MISTAKEN!r}), registry)[1]))
"""
    printed = run_python(script, tmp_path)
    assert "84,362" in printed
    assert "25088->10" in printed
