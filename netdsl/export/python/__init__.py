"""A net as the plain PyTorch that one would have written by hand: a pure function from the checked net to text."""

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
"""What the classes of a net may speak of."""


def export(network: Network, title: str) -> str:
    """A Python module with the class `Net`, which needs nothing but torch; `title` begins its docstring.

    A `state_dict` of `Net()` fits the net that is built of the same network, and the other way round. It is laid out as
    `black` does. Modules that torch lacks are written out; those of plugins are imported.

    Raises:
        ExportError: a plugin's module is handed labelled outputs, which only netdsl knows how to do.
    """
    classes = Classes()
    classes.write(network, CLASS)
    needed = classes.expressions
    # Only after all classes are written is it known what they need.
    definitions = [*closure(needed.helpers, composites=False), *closure(needed.composites, composites=True)]
    texts = [*(definition.text for definition in definitions), *classes.texts]
    imports = [*map(Import, needed.packages), *_imports(definitions, classes.texts)]
    head = f'"""{_one_line(title)}, as plain PyTorch."""\n\n' + "\n".join(import_lines(imports))
    gap = "\n\n\n" if texts[0].startswith(("class", "def")) else "\n\n"
    return head + gap + "\n\n\n".join(texts) + "\n"


def _imports(definitions: list[SourceDefinition], texts: list[str]) -> list[Import]:
    found = [one for definition in definitions for name, one in definition.imports.items() if name in definition.names]
    # Parsed, since a comment or a text may contain the same words.
    names = {node.id for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    return [*found, *(one for name, one in USUAL.items() if name in names)]


def _one_line(title: str) -> str:
    # A backslash or a quote would end or change the docstring.
    return " ".join(title.replace("\\", "/").replace('"', "'").split())
