"""The source of torchvision, as text: helpers such as `Conv2dNormActivation` are followed in it, and never run."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

LIBRARY = "torchvision"

IN_PASTED = {
    "._utils": "torchvision.models._utils",
    "..ops.misc": "torchvision.ops.misc",
    "..utils": "torchvision.utils",
}
"""What relative imports of torchvision's own models mean where they are pasted; those of anything else stay unknown."""

LONGEST = 1_000_000

HOME = "__package__"
"""The name in a scope that holds the package of a library's file; the scope of the text has none."""


class LibrarySource(NamedTuple):
    """A file of the library, and the package that its relative imports start from."""

    text: str
    package: str


def library_path(module: str, level: int, package: str | None) -> str:
    """The whole path of what an import names; `package` is that of the file, None for a pasted text."""
    if level == 0:
        return module
    if package is None:
        return IN_PASTED.get("." * level + module, "." * level + module)
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


@cache
def library_source(module: str) -> LibrarySource | None:
    """The file of a module of the library; None where there is none. Nothing is imported."""
    first, *rest = module.split(".")
    if first != LIBRARY or not all(part.isidentifier() for part in rest):
        return None
    spec = find_spec(LIBRARY)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]).joinpath(*rest)
    for file, package in ((folder.with_suffix(".py"), module.rpartition(".")[0]), (folder / "__init__.py", module)):
        if rest and file.is_file() and file.stat().st_size <= LONGEST:
            return LibrarySource(file.read_text(encoding="utf-8"), package)
    return None
