"""A net as plain PyTorch, as one writes it by hand: a pure function from the checked net to text."""

from __future__ import annotations

import ast

from netdsl.export.python.classes import Classes
from netdsl.export.python.sources import Import, SourceDefinition, closure, import_lines
from netdsl.program import Network

__all__ = ["export"]

CLASS = "Net"

USUAL = {
    "torch": Import("torch"),
    "nn": Import("torch", "nn"),
    "Tensor": Import("torch", "Tensor"),
    "OrderedDict": Import("collections", "OrderedDict"),
}
"""The imports that the classes of a net may need."""


def export(network: Network, title: str) -> str:
    """Writes a Python module with the class `Net`, which needs only torch. `title` begins its docstring.

    The `state_dict` of `Net()` and that of the net which is built from the same network are interchangeable. The layout
    is that of `black`. Modules that torch lacks are written into the file; those of plugins are imported.

    Raises:
        ExportError: a plugin's module takes labelled outputs, which plain PyTorch cannot pass to it.
    """
    classes = Classes()
    classes.write(network, CLASS)
    needed = classes.expressions
    # What the classes need is known only after all are written.
    definitions = [*closure(needed.helpers, composites=False), *closure(needed.composites, composites=True)]
    texts = [*(definition.text for definition in definitions), *classes.texts]
    imports = [*map(Import, needed.packages), *_imports(definitions, classes.texts)]
    head = f'"""{_one_line(title)}, as plain PyTorch."""\n\n' + "\n".join(import_lines(imports))
    gap = "\n\n\n" if texts[0].startswith(("class", "def")) else "\n\n"
    return head + gap + "\n\n\n".join(texts) + "\n"


def _imports(definitions: list[SourceDefinition], texts: list[str]) -> list[Import]:
    found = [one for definition in definitions for name, one in definition.imports.items() if name in definition.names]
    # Parsed, because a comment or a string may contain the same names.
    names = {node.id for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    return [*found, *(one for name, one in USUAL.items() if name in names)]


def _one_line(title: str) -> str:
    # A backslash or a quote would end or change the docstring.
    return " ".join(title.replace("\\", "/").replace('"', "'").split())
