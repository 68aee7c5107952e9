"""The source text of the small modules that torch lacks. Their files are read, never imported."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

TOOL_COMMENT = re.compile(r"  # (?:type: ignore|noqa)\b.*")
"""Comments for `mypy` and `ruff`, which do not belong in an exported file."""


@dataclass(frozen=True, slots=True)
class Import:
    """`from torch import nn`; without `name` it is `import torch`."""

    module: str
    name: str = ""
    alias: str = ""

    @property
    def text(self) -> str:
        """The text after `import`."""
        return f"{self.name or self.module} as {self.alias}" if self.alias else self.name or self.module


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """A class, function or constant at the top of a file, the names that it uses, and the imports of its file."""

    name: str
    text: str
    names: frozenset[str]
    imports: Mapping[str, Import]


def closure(names: Iterable[str], composites: bool) -> list[SourceDefinition]:
    """The definitions of the names and of all that they use, each after those that it needs.

    With `composites`, the names are those of modules with bodies, in the form for exported files.
    """
    # Exported composites carry no skips, so they have their own source file.
    known, found = _composites() if composites else _modules(), dict[str, SourceDefinition]()

    def visit(name: str) -> None:
        if name in known and name not in found:
            # Sorted, because a set has no fixed order and the same net must give the same file.
            for other in sorted(known[name].names - {name}):
                visit(other)
            # After the definitions that it needs, because Python runs from the top.
            found[name] = known[name]

    for name in names:
        visit(name)
    return list(found.values())


def reserved() -> frozenset[str]:
    """The names that an exported file may use."""
    known = [*_modules().values(), *_composites().values()]
    return frozenset(name for one in known for name in (one.name, *one.imports)) | {"OrderedDict", "Tensor"}


def import_lines(imports: Iterable[Import]) -> list[str]:
    """Import statements in the order of `isort`: the standard library, a blank line, the rest."""
    groups: tuple[list[Import], list[Import]] = ([], [])
    for one in dict.fromkeys(imports):  # the order of first use is kept
        groups[one.module.partition(".")[0] not in sys.stdlib_module_names].append(one)
    blocks = ["\n".join(_statements(group)) for group in groups if group]
    return "\n\n".join(blocks).split("\n") if blocks else []


def _statements(imports: Sequence[Import]) -> list[str]:
    plain = sorted(f"import {one.text}" for one in imports if not one.name)
    modules = sorted({one.module for one in imports if one.name})
    names = {module: sorted(one.text for one in imports if one.name and one.module == module) for module in modules}
    return [*plain, *(f"from {module} import {', '.join(names[module])}" for module in modules)]


@cache
def _modules() -> Mapping[str, SourceDefinition]:
    folder = files("netdsl") / "modules"  # naming the package `netdsl.modules` would import it, and torch with it
    return _definitions(file for file in folder.iterdir() if file.name.endswith(".py") and file.name != "__init__.py")


@cache
def _composites() -> Mapping[str, SourceDefinition]:
    return _definitions([files("netdsl.export.python") / "composites.txt"])


def _definitions(sources: Iterable[Traversable]) -> Mapping[str, SourceDefinition]:
    return {
        definition.name: definition for source in sources for definition in _parse(source.read_text(encoding="utf-8"))
    }


def _parse(text: str) -> Iterable[SourceDefinition]:
    tree = ast.parse(text)
    imports = {name: one for statement in tree.body for name, one in _imports(statement)}
    for statement in tree.body:
        name = _name(statement)
        if name:
            segment = TOOL_COMMENT.sub("", ast.get_source_segment(text, statement) or "")
            names = frozenset(node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
            yield SourceDefinition(name, segment, names, imports)


def _imports(statement: ast.stmt) -> Iterable[tuple[str, Import]]:
    if isinstance(statement, ast.Import):
        return [(one.asname or one.name, Import(one.name, alias=one.asname or "")) for one in statement.names]
    if isinstance(statement, ast.ImportFrom):
        module = statement.module or ""
        # What our modules take of each other is written out beside them.
        if module.partition(".")[0] == "netdsl":
            return []
        return [(one.asname or one.name, Import(module, one.name, one.asname or "")) for one in statement.names]
    return []


def _name(statement: ast.stmt) -> str:
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
        return statement.name
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return ""
