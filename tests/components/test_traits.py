"""No layer is known by its name: what code needs to know of a layer, the layer's traits say.

Each exception stands in a list with its reason, and a test fails once the list names one that is none any more.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import netdsl.modules
from netdsl.plugins.registry import load_registry

ROOT = Path(netdsl.__file__).parent
ROOMS = ("builtins", "modules")
"""Here layers and modules are defined."""

ALLOWED = {
    "builder.py": "puts what heeds the ends of filled up samples in the place of modules that do not",
    "checker/experiment/net_output.py": "compares shapes of the data's target; no layer",
    "cli/shared/options.py": "the last epoch, or the best; no layer",
    "data/table_encoding.py": "the mean as what fills gaps of a table; no layer",
    "drawing/volumes.py": "a scale of the picture; no layer",
    "editor/completions.py": "offers the forms of a layer to those who begin to type them, and a component once",
    "export/python/expressions.py": "tells classes of torch's, which an export calls by their home, from netdsl's",
    "export/python/forward.py": "writes in Python what each composite of netdsl.modules computes",
    "export/python/signatures.py": "looks up the constructors of torch.nn",
    "importer/bodies.py": "finds the layer that builds a module of torch's",
    "importer/layers.py": "finds the layer that builds a module of torch's",
    "importer/pasted/darknet.py": "reads the names of darknet",
    "importer/pasted/keras.py": "reads the names of Keras",
    "importer/pasted/python/__init__.py": "says what torch's modules are usually called",
    "importer/pasted/python/calls.py": "reads the names of torch's functions",
    "importer/pasted/python/expressions.py": "tells the containers of torch's",
    "importer/pasted/python/functions.py": "reads the names of torch's functions",
    "importer/pasted/python/objects.py": "tells the containers of torch's",
    "importer/pasted/python/printed.py": "reads the names of torch's classes, as torch prints them",
    "importer/pasted/python/shaping.py": "reads the names of torch's functions",
    "importer/pasted/python/tracing.py": "reads the names of torch's functions",
    "importer/pasted/python/values.py": "names the classes of torch that hold modules",
    "importer/reading.py": "reads modules of torch's",
    "program.py": "names the containers of a net, which are no layers",
    "runs/pretrained.py": "finds the class of torch's that a module extends",
    "training/metric_setup.py": "numbers metrics of one name; no layer",
}

CONTAINERS = ("SEQUENTIAL", "SKIPPING", "SEQUENCES")
"""What the containers of a net are, which are no layers."""

NAMES = {*load_registry(installed=False).layers, *netdsl.modules.__all__}
"""What layers, and the classes that they build, are called."""

TARGET = re.compile(r"(torch\.nn|netdsl\.modules)[:.]\w*|:\w+")


def find_names(tree: ast.AST) -> Iterator[str]:
    """The places that name a target, or compare something with a layer's name or target."""
    documentation = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            if isinstance(node.value, str) and TARGET.fullmatch(node.value):
                yield ast.unparse(node)
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            listed = [one for side in sides for one in (getattr(side, "elts", None) or [side])]
            texts = {one.value for one in listed if isinstance(one, ast.Constant)}
            container = any(ast.unparse(side).split(".")[0] in CONTAINERS for side in sides)
            if (any(map(is_identity, sides)) and not container) or texts & NAMES:
                yield ast.unparse(node)
        elif isinstance(node, ast.Attribute) and node.attr in ("endswith", "startswith") and is_identity(node.value):
            yield ast.unparse(node)


def is_identity(node: ast.AST) -> bool:
    """Whether it is the name or the target of a layer."""
    if isinstance(node, ast.Subscript):
        return is_identity(node.value)
    if not isinstance(node, ast.Attribute):
        return False
    owner = ast.unparse(node.value).rpartition(".")[2]
    return node.attr == "target" or (node.attr == "name" and owner in ("layer", "component"))


def test_no_layer_is_known_by_its_name() -> None:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        names = list(find_names(ast.parse(path.read_text(encoding="utf-8"))))
        if names and name.split("/")[0] not in ROOMS:
            found[name] = names
    assert {name: names for name, names in found.items() if name not in ALLOWED} == {}
    assert sorted(ALLOWED.keys() - found.keys()) == [], "no layer is known by its name there: take them out of ALLOWED"
