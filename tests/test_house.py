"""What holds of the whole house: names used once, the public names, a sentence for every module, tests where one looks.

Each exception stands in a list with its reason, and a test fails once the list names one that is none any more.
"""

import ast
import importlib
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE, TESTS = ROOT / "netdsl", ROOT / "tests"
MODULES = sorted(PACKAGE.rglob("*.py"))
WORDED = (".py", ".js", ".mjs", ".css", ".html", ".json", ".md", ".net", ".lark", ".txt", ".toml", "")
WRITTEN = sorted(
    path
    for folder in ("netdsl", "tests", "plugins", "docs", "examples", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in WORDED and path.is_file() and "node_modules" not in path.parts
)

PUBLIC = {
    "netdsl": [
        "NetError",
        "__version__",
        "build",
        "check",
        "draw",
        "from_module",
        "hookimpl",
        "load",
        "look",
        "shapes",
        "survey",
        "train",
    ],
    "netdsl.components": [
        "INFERRED",
        "Call",
        "Component",
        "Dataset",
        "Dtype",
        "Facts",
        "Initializer",
        "InputFacts",
        "LabelledOutput",
        "Layer",
        "Logger",
        "Loss",
        "Metric",
        "NamedShapes",
        "Optimizer",
        "Parameter",
        "Refusal",
        "Requirement",
        "Result",
        "Schedule",
        "Shape",
        "Size",
        "Trait",
        "Transform",
        "Undetermined",
        "call",
        "dataset",
        "divisible",
        "initializer",
        "layer",
        "logger",
        "loss",
        "metric",
        "one_of",
        "optimizer",
        "per_axis",
        "schedule",
        "transform",
    ],
    "netdsl.data": ["Batch", "Data", "DataError", "Items", "Pipeline", "Splits", "Tensors", "open_data"],
    "netdsl.testing": ["assert_component_documented", "assert_layer_sound", "load_registry", "run_net"],
    "netdsl.training": ["Interrupted", "RunResult", "Saved", "Saving", "TrainingError", "open_run", "train"],
}
"""What others may build upon. To change one of these lists is to change what they were promised."""

NO_ROOMS = {
    "golden": "what the tests of all rooms should print",
    "soundness": "every layer and whole nets against torch",
    "benchmarks": "what is timed",
    "classics": "nets of the literature against torchvision",
    "docs": "what README and docs/ show",
}
"""Folders of tests that are named after no folder of the package."""

OF_THE_HOUSE = {"effort", "habits", "house", "imports", "metrics", "needs", "readme", "texts"}
"""Subjects of tests that no module at the package's root is named after."""

NAMESAKES = {
    "plugins/test_commands.py": "commands that plugins bring",
    "plugins/test_lints.py": "lints that plugins bring",
    "plugins/test_new.py": "plugins that `netdsl new` writes",
    "training/test_losses.py": "losses as training computes them",
    "training/test_report.py": "what training reports",
    "training/test_resume.py": "a training that goes on to the same bits",
}
"""Tests of a room whose subject a module of another room happens to be named after."""

PATHS = {"tests/plugins/test_commands.py": "the script of a process of its own, which has to find the plugin"}
"""Tests that change `sys.path`, though not by a fixture that puts it back."""


def test_no_class_name_is_used_twice() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    twice = {name: places for name, places in homes.items() if len(places) > 1}
    assert twice == {}


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_as_promised(module: str) -> None:
    imported = importlib.import_module(module)
    assert sorted(imported.__all__) == sorted(PUBLIC[module])
    assert [name for name in imported.__all__ if not hasattr(imported, name)] == []


def test_every_folder_is_a_package_and_every_module_says_what_it_holds() -> None:
    folders = {path.parent for path in MODULES}
    assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").is_file()) == []
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_every_folder_of_tests_is_named_after_a_folder_of_the_package() -> None:
    tested = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    folders = {folder for folder in tested if folder.parts and folder.parts[0] not in NO_ROOMS}
    assert sorted(str(folder) for folder in folders if not (PACKAGE / folder).is_dir()) == []


def test_a_test_named_after_a_module_stands_in_its_room() -> None:
    """`tests/X/test_Y.py` may be about any subject of `netdsl/X`, but not about the module Y of another room."""
    rooms: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        room, *inner = path.relative_to(PACKAGE).with_suffix("").parts
        for name in (room, *inner):
            rooms[name].add(room)
    elsewhere = set()
    for path in TESTS.rglob("test_*.py"):
        room, subject = path.relative_to(TESTS).parts[0], path.stem.removeprefix("test_")
        if path.parent == TESTS:
            assert subject in OF_THE_HOUSE or (PACKAGE / f"{subject}.py").is_file(), f"which room has {path.name}?"
        elif room not in NO_ROOMS and subject in rooms and room not in rooms[subject]:
            elsewhere.add(path.relative_to(TESTS).as_posix())
    assert sorted(elsewhere - NAMESAKES.keys()) == []
    assert sorted(NAMESAKES.keys() - elsewhere) == [], "named after no other room's module: take them out of NAMESAKES"


def test_tests_find_the_package_without_a_changed_path() -> None:
    pattern = re.compile(r"\bsys\.path(\.(insert|append|extend)|\[.*\] =| \+?=)")
    tests = [*TESTS.rglob("*.py"), *(ROOT / "plugins").glob("*/tests/**/*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in tests if pattern.search(path.read_text(encoding="utf-8"))}
    assert sorted(found - PATHS.keys()) == []
    assert sorted(PATHS.keys() - found) == [], "the path is not changed there: take them out of PATHS"


def test_nothing_is_put_off() -> None:
    pattern = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")
    put_off = [path for path in WRITTEN if pattern.search(path.read_text(encoding="utf-8", errors="replace"))]
    assert [str(path.relative_to(ROOT)) for path in put_off] == []
