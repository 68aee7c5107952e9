"""Text to syntax tree, with every syntax error of the text at once."""

from __future__ import annotations

from netdsl.diagnostics import Diagnostic
from netdsl.language.engine import engine
from netdsl.language.refusal import refuse
from netdsl.language.syntax import File
from netdsl.source import Source


def parse(source: Source) -> tuple[File, list[Diagnostic]]:
    """The tree of a text and its syntax errors.

    A statement with errors stands in the tree as its fixes would have it; one that no fix makes readable is left out.
    """
    refused = refuse(source)
    if refused:
        return File((), source, (source.span(0, len(source.text)),)), [refused]
    file = engine().file(source)
    if file:
        return file, []
    from netdsl.language.piecewise import parse_piecewise  # most texts are read at once, and need none of it

    return parse_piecewise(source)
