"""Nets that people paste: code for PyTorch or Keras, a darknet `.cfg`. They are read as texts; nothing of them runs."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.core.errors import UnsupportedModule
from netdsl.core.source import Source
from netdsl.core.suggestions import nearest
from netdsl.core.text import text
from netdsl.importer.pasted.darknet import write_darknet
from netdsl.importer.pasted.keras import write_keras
from netdsl.language.formatter import format_source
from netdsl.language.recovery.pasted_code import is_darknet, is_keras, is_table


def write_pasted(
    program: str, file: str, registry: Registry, *, net: str | None = None, input: Sequence[int | str] = ()
) -> str:
    """The text of the net that stands in another one.

    Args:
        program: the text.
        file: what messages call it.
        registry: the names of the language that may be written.
        net: which net of the text; the last one unless given.
        input: the shape of one sample, for nets that do not say it; letters stand for sizes that may vary.

    Raises:
        UnsupportedModule: the text holds no net, or one with a part that the language has no word for.
    """
    if is_darknet(program):
        return _checked(write_darknet(program, file), file, registry)
    if is_table(program):
        raise UnsupportedModule(
            text("`{file}` is a table of layers, which does not say what their arguments are", file=file),
            "paste the Python code from which the table was made",
        )
    if is_keras(program):
        return _checked(write_keras(program, file), file, registry)
    return _write_torch(program, file, registry, net, input)


def _write_torch(program: str, file: str, registry: Registry, net: str | None, input: Sequence[int | str]) -> str:
    # torch is imported for code of torch alone.
    from netdsl.importer import write_net
    from netdsl.importer.pasted.python import read_nets
    from netdsl.importer.pasted.python.lazy import materialize

    found = read_nets(program, file)
    if not found:
        raise UnsupportedModule(
            text("`{file}` holds no net", file=file),
            "a net is an `nn.Sequential(…)`, or a class with `__init__` and `forward`",
        )
    if net is not None and net not in found:
        near = nearest(net, found)
        raise UnsupportedModule(
            text("`{file}` holds no net `{name}`", file=file, name=net),
            text("it holds {names}", names=", ".join(found))
            if near is None
            else text("did you mean `{near}`?", near=near),
        )
    return write_net(materialize(found[net or list(found)[-1]](), file, input), registry, input=input)


def _checked(written: str, file: str, registry: Registry) -> str:
    """The text in its canonical form, if it is a net."""
    source = Source(file, written)
    for error in errors(check(source, registry)[1]):
        line = error.span.source.line(error.span.position.line).strip()
        raise UnsupportedModule(
            text("as text the net would hold `{line}`, but {reason}", line=line, reason=error.message)
        )
    return format_source(source)[0]
