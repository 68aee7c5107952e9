"""Texts that are no nets of the language but code for PyTorch or Keras, a printed net, a darknet `.cfg`, or a table."""

from __future__ import annotations

import re

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.language.recovery.codes import PASTED_CODE

TABLE = re.compile(r"^[^#\n]*Layer \(type[:)]", re.MULTILINE)
"""What the tables of torchinfo, torchsummary and Keras have and code has not."""

PYTHON = re.compile(
    r"^[ \t]*(?:(?:from|import)[ \t]+(?:torch|torchvision|tensorflow|keras)\b"
    r"|class[ \t]+\w+\(.*\)[ \t]*:|[^#\n]*\bSequential\()",
    re.MULTILINE,
)
"""A line that Python has, and no net."""

PRINTED = re.compile(r"^\w+(?=\(\n[ \t]+(?:\w+=.*\n[ \t]+)?\(\w+(?:-\d+)?\): )", re.MULTILINE)
"""How `print(net)` begins: a class, and its first part on the next line, after its key."""

KERAS = re.compile(r"^[ \t]*(?:from|import)[ \t]+(?:tensorflow|keras)\b", re.MULTILINE)
KERAS_CALL = re.compile(r"\bkeras\.Sequential|\b(?:Conv[123]D|Dense)\(")
DARKNET = re.compile(r"\A(?:\s++|[#;][^\n]*+)*+\[net(?:work)?\]")


def is_table(program: str) -> bool:
    """Whether a text is a table of layers, as torchinfo prints it."""
    return TABLE.search(program) is not None and "import" not in program


def is_printed(program: str) -> bool:
    """Whether a text is a net as `print(net)` shows it."""
    return PRINTED.search(program) is not None


def is_keras(program: str) -> bool:
    """Whether a text is code for Keras: it imports it, or calls classes that only Keras spells so."""
    return KERAS.search(program) is not None or (KERAS_CALL.search(program) is not None and "nn." not in program)


def is_darknet(program: str) -> bool:
    """Whether a text is a darknet `.cfg`: it begins with `[net]`."""
    return DARKNET.match(program) is not None


def find_pasted_code(source: Source) -> Diagnostic | None:
    """The one error of a text that is code for another tool; None where it may be a net with mistakes."""
    program = source.text
    if found := DARKNET.match(program):
        message = text("this is a `.cfg` of darknet, not a net of the language")
    elif found := PRINTED.search(program):
        message = text("this is a net that torch has printed, not a net of the language")
    elif found := PYTHON.search(program):
        message = (
            text("this is code for Keras, not a net of the language")
            if is_keras(program)
            else text("this is code for PyTorch, not a net of the language")
        )
    elif is_table(program) and (found := TABLE.search(program)):
        line = source.span(found.start(), found.end())
        message = text("this is a table of layers, which does not say how they are set")
        return Diagnostic(PASTED_CODE, message, line, help=text("paste the Python code that the table was made of"))
    else:
        return None
    file = "FILE" if source.name.startswith("<") else source.name
    advice = text("`netdsl import --text {file}` writes it in the language, and runs nothing of it", file=file)
    return Diagnostic(PASTED_CODE, message, source.span(found.start(), found.end()), help=advice)
