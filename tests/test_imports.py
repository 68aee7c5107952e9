"""The house has one staircase: a module imports from its own floor or from those below, and never in a circle."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import netdsl

ROOT = Path(netdsl.__file__).parent
FLOORS = (
    ("core",),
    ("language", "library", "components"),
    ("plugins", "builtins"),
    ("program", "checker", "lints", "analysis", "codes", "render", "export"),
    ("builder", "adapters", "importer", "torch_layers", "modules", "data", "training", "runs", "bench"),
    ("api", "cli", "scaffold", "testing", "__main__"),
)
HEAVY = {"torch", "torchvision", "torchmetrics", "tensorboard", "numpy", "rich", "safetensors"}
TORCH_FLOOR = 4


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(file): file for file in sorted(ROOT.rglob("*.py"))}


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


def statements(tree: ast.AST, at_once: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif not (at_once and isinstance(node, FUNCTIONS)) and not is_for_types_alone(node):
            yield from statements(node, at_once)


def imports(module: str, *, at_once: bool = False) -> set[str]:
    """What a module imports; with `at_once` what it imports before any of its functions is called."""
    found = set()
    for node in statements(ast.parse(FILES[module].read_text(encoding="utf-8")), at_once):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert not node.level, f"{module} has a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else str(node.module) for name in names}
    return found


@pytest.mark.parametrize("module", FILES)
def test_no_import_climbs(module: str) -> None:
    ours = {name for name in imports(module) if name.startswith("netdsl.")}
    assert [name for name in ours if floor(name) > floor(module)] == []


@pytest.mark.parametrize("module", [module for module in FILES if floor(module) != TORCH_FLOOR])
def test_the_front_end_stays_light(module: str) -> None:
    packages = {name.split(".")[0] for name in imports(module, at_once=floor(module) > TORCH_FLOOR)}
    assert not packages & HEAVY


def test_no_imports_circle() -> None:
    graph = {module: imports(module) & FILES.keys() - {module} for module in FILES}
    graph["netdsl"] = set()  # the public names are looked up when they are asked for
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_only_the_language_imports_lark() -> None:
    importers = {module for module in FILES if any(name.split(".")[0] == "lark" for name in imports(module))}
    assert {".".join(module.split(".")[:2]) for module in importers} == {"netdsl.language"}


COMMAND_LINES = [
    ["--help"],
    ["--version"],
    ["shapes", "-e", "conv 3->32 k5 p2; maxpool 2; flatten; linear 8192->10"],
    ["check", "-e", "conv 3->32 k5 p2; maxpool 2; flatten; linear 8192->10"],
    ["layers"],
    ["layers", "conv"],
    ["plugins"],
]


@pytest.mark.parametrize("arguments", COMMAND_LINES, ids=" ".join)
def test_commands_of_the_front_end_never_import_torch(arguments: list[str]) -> None:
    script = f"""
import sys
from netdsl.cli import netdsl
try:
    netdsl.main({arguments!r}, prog_name="netdsl")
except SystemExit as end:
    assert end.code == 0, end.code
print(sorted({HEAVY!r} & sys.modules.keys()))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines()[-1:] == ["[]"], ran.stderr
