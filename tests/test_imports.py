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
    ("source", "diagnostics", "shapes", "limits"),
    ("language", "components"),
    ("hookspecs", "plugins", "builtins"),
    ("network", "checker", "lints", "memory", "receptive", "codes", "render", "languageserver"),
    ("build", "modules", "data", "training", "export"),
    ("cli", "__main__"),
)
HEAVY = {"torch", "torchvision", "torchmetrics", "tensorboard", "numpy", "rich", "safetensors"}
TORCH_FLOOR = 4


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(file): file for file in sorted(ROOT.rglob("*.py"))}


def floor(module: str) -> int:
    room = module.split(".")[1]
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def statements(tree: ast.AST, inside_functions: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif inside_functions or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from statements(node, inside_functions)


def imports(module: str, *, inside_functions: bool) -> set[str]:
    found = set()
    for node in statements(ast.parse(FILES[module].read_text(encoding="utf-8")), inside_functions):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert not node.level, f"{module} has a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else str(node.module) for name in names}
    return found


@pytest.mark.parametrize("module", sorted(FILES.keys() - {"netdsl"}))
def test_no_import_climbs(module: str) -> None:
    ours = {name for name in imports(module, inside_functions=True) if name.startswith("netdsl.")}
    assert [name for name in ours if floor(name) > floor(module)] == []


@pytest.mark.parametrize("module", FILES)
def test_the_front_end_stays_light(module: str) -> None:
    if module != "netdsl" and floor(module) == TORCH_FLOOR:
        pytest.skip("this floor may take its time")
    everywhere = module != "netdsl" and floor(module) < TORCH_FLOOR
    packages = {name.split(".")[0] for name in imports(module, inside_functions=everywhere)}
    assert not packages & HEAVY


def test_no_imports_circle() -> None:
    graph = {module: imports(module, inside_functions=module != "netdsl") & FILES.keys() for module in FILES}
    try:
        TopologicalSorter({module: names - {module} for module, names in graph.items()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_parser_is_the_only_importer_of_lark() -> None:
    importers = {
        module for module in FILES if any(n.split(".")[0] == "lark" for n in imports(module, inside_functions=True))
    }
    assert importers
    assert all(module.startswith("netdsl.language.") for module in importers)


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
from netdsl.cli import main
sys.argv = ["netdsl", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
print(sorted({HEAVY!r} & sys.modules.keys()))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines()[-1:] == ["[]"], ran.stderr
