"""Text to syntax tree, with every syntax error of the text at once."""

from __future__ import annotations

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source
from netdsl.language.lark_parser import engine
from netdsl.language.recovery.size_limits import refuse
from netdsl.language.recovery.torch_order import IsTorchOrder, never
from netdsl.language.syntax import File


def parse(source: Source, is_torch_order: IsTorchOrder = never) -> tuple[File, list[Diagnostic]]:
    """The tree of a text and its syntax errors.

    A statement with errors stands in the tree as its fixes would have it; one that no fix makes readable is left out.
    `is_torch_order` tells a repair what the numbers of a layer's call mean.
    """
    refused = refuse(source)
    if refused:
        return File((), source, (source.span(0, len(source.text)),)), [refused]
    file = engine().file(source)
    if file:
        return file, []
    # Most texts are read at once, and need none of it.
    from netdsl.language.recovery.pasted_code import find_pasted_code
    from netdsl.language.recovery.statement_parser import parse_piecewise

    if pasted := find_pasted_code(source):
        return File((), source, (source.span(0, len(source.text)),)), [pasted]
    return parse_piecewise(source, is_torch_order)
