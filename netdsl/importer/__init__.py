"""From an `nn.Sequential` back to the language: the text whose net has the same modules under the same names."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from netdsl.builder import build_network
from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.core.errors import UnsupportedModule
from netdsl.core.sizes import Shape, symbol
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.importer.bodies import Bodies, Labels
from netdsl.importer.layers import Layers
from netdsl.importer.reading import difference, is_container
from netdsl.language.formatter import format_source

ASSUMED = ("CHW", "F", "TF", "CL", "CDHW")
"""What the first layer of a text may take for granted, the likeliest first."""

STATED = ("CHW", "T", "TF", "CDHW")
"""What an `input` line may say where the first layer takes nothing for granted."""


def write_net(module: nn.Module, registry: Registry, *, input: Sequence[int | str] = ()) -> str:
    """The canonical text of a net: built, it has the modules of this one, under the same names in the `state_dict`.

    `netdsl.from_module` says what it takes; `registry` holds the names of the language that may be written.
    """
    if not is_container(module):
        parts = [f"`{name}`" for name, child in module.named_children() if is_container(child)]
        raise UnsupportedModule(_no_container(type(module).__name__, parts))
    # A subclass with a `forward` of its own may still have parts that can be written.
    if not list(module.children()):
        raise UnsupportedModule("the net has no layer")
    return _first_text(module, list(_starts(input)), registry)


def _no_container(name: str, parts: Sequence[str]) -> str:
    if not parts:
        return text("a net is an `nn.Sequential`, and `{module}` is not one", module=name)
    return text(
        "a net is an `nn.Sequential`, and `{module}` is not one; its parts that are: {parts}",
        module=name,
        parts=", ".join(parts),
    )


def _first_text(module: nn.Module, starts: Sequence[_Start], registry: Registry) -> str:
    """The first text that builds the module: without torch's own names if may be. Raises the failure that came last."""
    # A layer of the language is what a person would write; `nn.Conv2d` is for what has none.
    for torch_s_own in (False, True):
        layers, failures = Layers(registry, torch_s_own), list[tuple[int, UnsupportedModule]]()
        for start in starts:
            bodies = Bodies(registry, layers, start.assumes)
            try:
                written = _written(module, start, bodies)
                _check(written, module, registry)
            except UnsupportedModule as failure:
                failures.append((bodies.progress, failure))
            else:
                return written
    # The attempt that came furthest failed for the reason that concerns the user.
    raise max(failures, key=lambda failure: failure[0])[1]


@dataclass(frozen=True, slots=True)
class _Start:
    """What comes into a net, and the layout from which its first layer is to tell it; without one a line says it."""

    x: Shape
    assumes: str = ""


def _starts(input: Sequence[int | str]) -> Iterator[_Start]:
    if input:
        yield _Start(tuple(symbol(size) if isinstance(size, str) else size for size in input))
        return
    yield from (_Start(tuple(map(symbol, layout)), layout) for layout in ASSUMED)
    yield from (_Start(tuple(map(symbol, layout))) for layout in STATED)


def _written(module: nn.Module, start: _Start, bodies: Bodies) -> str:
    statements = bodies.write(module, start.x, Labels()).statements
    stated = [] if start.assumes else [f"input {'x'.join(map(str, start.x))}"]
    definitions = list(bodies.definitions())
    lines = [*definitions, *([""] if definitions else []), *stated, *statements]
    return format_source(Source("<module>", "\n".join(lines)))[0]


def _check(written: str, module: nn.Module, registry: Registry) -> None:
    """Raises where the text does not build the module."""
    experiment, found = check(Source("<module>", written), registry)
    for error in errors(found):
        line = error.span.source.line(error.span.position.line).strip()
        raise UnsupportedModule(
            text("as text the net would hold `{line}`, but {reason}", line=line, reason=error.message)
        )
    assert experiment is not None, "a text without mistakes is a program"
    # Without memory for weights, and without torch's warnings of odd arguments at each construction.
    with warnings.catch_warnings(action="ignore"), torch.device("meta"):
        built = build_network(experiment.network)
    path = difference(built, module)
    if path == "":
        raise UnsupportedModule(
            "this net cannot be written: a layer receives a labelled output by `from`, or several outputs are given"
        )
    if path is not None:
        raise UnsupportedModule(
            text("`{path}` cannot be written: the statement for it makes another module", path=path)
        )
