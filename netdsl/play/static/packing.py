"""Chooses and compiles the Python that the page needs. It runs in Pyodide, once, when the page is made.

Needed is what a rehearsal of every question imports and reads, and what that would import in other cases, wherever an
`import` stands. Modules of netdsl that cannot be imported here, since they need torch or the like, are left out.

The browser is sent bytecode: to compile the sources takes two thirds of the time until the first answer.
"""

from __future__ import annotations

import ast
import os
import py_compile
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from netdsl.core.files import user_cache
from netdsl.play.static.front_end import rehearse

STATEMENTS = ("body", "orelse", "finalbody", "handlers", "cases")
"""The fields in which a node of Python's syntax tree holds statements."""

SLOWEST = 9
"""The level of compression: a page is made once and loaded often."""


class PythonModule:
    """A module, as its source says it.

    Args:
        name: `netdsl.core`.
        path: its file.
        root: the folder that Python finds it in.
    """

    def __init__(self, name: str, path: Path, root: Path) -> None:
        self.name, self.path, self.root = name, path, root

    @property
    def lacks_something(self) -> bool:
        """Whether it imports a package, as soon as it is imported itself, that is not here."""
        found = (node for node in self._tree.body if isinstance(node, (ast.Import, ast.ImportFrom)))
        return not all(find_spec(name.split(".")[0]) for node in found for name in self._names_in(node) if name)

    @cached_property
    def names(self) -> set[str]:
        """All that it imports, were it imported from a package or a module: `a.b` for `from a import b` too."""
        found = (node for node in _walk(self._tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
        return {name for node in found for name in self._names_in(node)}

    @cached_property
    def _tree(self) -> ast.Module:
        return ast.parse(self.path.read_bytes())

    def _names_in(self, node: ast.Import | ast.ImportFrom) -> list[str]:
        named = [alias.name for alias in node.names]
        if isinstance(node, ast.Import):
            return named
        home = self._home(node.level, node.module)
        return [home, *(f"{home}.{name}" for name in named)]

    def _home(self, level: int, name: str | None) -> str:
        """What `from ..name import` is about."""
        if not level:
            return name or ""
        own = self.name.split(".")
        depth = len(own) - level + (self.path.name == "__init__.py")
        return ".".join([*own[:depth], *([name] if name else [])])


def pack(library: str, sources: str, packed_library: str, packed_sources: str) -> None:
    """Writes the archives that the page loads.

    Args:
        library: an unpacked standard library.
        sources: the folder of netdsl and the packages that it stands on.
        packed_library: the archive of what the page needs of the library.
        packed_sources: the archive of what it needs of the sources.
    """
    home = Path(sources)
    modules = _find_modules(Path(library), home)
    for name in [name for name, module in modules.items() if module.root == home and module.lacks_something]:
        # Where netdsl looks through its folders, it must not find it.
        modules.pop(name).path.unlink()
    invalidate_caches()
    read = _note_files()
    rehearse()
    read |= {*(user_cache() / "netdsl").iterdir()}  # the parser's tables, which have only been written
    known = set(sys.modules)
    needed = _close(known, modules)
    needed = {name for name in needed if name in known or name.split(".")[0] != "netdsl" or _can_be_imported(name)}
    for root, target in ((Path(library), packed_library), (home, packed_sources)):
        _write(root, [modules[name] for name in sorted(needed) if modules[name].root == root], read, Path(target))


def _note_files() -> set[Path]:
    """The files that are opened from now on."""
    found: set[Path] = set()

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | os.PathLike):
            found.add(Path(arguments[0]))

    sys.addaudithook(note)
    return found


def _find_modules(*roots: Path) -> dict[str, PythonModule]:
    found: dict[str, PythonModule] = {}
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = PythonModule(name, path, root)
    return found


def _close(names: Iterable[str], modules: dict[str, PythonModule]) -> set[str]:
    """The modules of these names, with all that they import, and so on."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in modules and name not in found:
            found.add(name)
            waiting += modules[name].names
        if "." in name:  # a package is imported before what is in it
            waiting.append(name.rpartition(".")[0])
    return found


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """All statements but those that only type checkers read; no expression holds an import."""
    for field in STATEMENTS:
        for child in getattr(node, field, ()):
            match child:
                case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                    continue
            yield child
            yield from _walk(child)


def _can_be_imported(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _write(root: Path, modules: Iterable[PythonModule], read: Iterable[Path], target: Path) -> None:
    """An archive of the compiled modules, and of every file that lies beside one that was read, and is of its kind."""
    kinds = {(path.parent, path.suffix) for path in read if path.is_relative_to(root)}
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=SLOWEST) as archive:
        for module in modules:
            place = module.path.relative_to(root)
            compiled = module.path.with_suffix(".pyc")
            # There is no source in the browser that it could be compared with.
            unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(module.path), str(compiled), place.as_posix(), True, invalidation_mode=unchecked)
            archive.write(compiled, place.with_suffix(".pyc"))
        for path in sorted({path for folder, suffix in kinds for path in folder.glob(f"*{suffix}")}):
            if path.suffix not in (".py", ".pyc"):
                archive.write(path, path.relative_to(root))
