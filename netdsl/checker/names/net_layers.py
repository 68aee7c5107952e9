"""Layers that plugins write in the language: blocks of a `.net` file of theirs, read when a text names one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from netdsl.checker.context import Context
from netdsl.checker.names.definitions import Library
from netdsl.checker.names.scope import Block
from netdsl.components import Layer, Refusal
from netdsl.core.source import Source
from netdsl.language.parser import parse
from netdsl.language.syntax import Body, Name, Setting


def shipped_block(layer: Layer, context: Context) -> Block | None:
    """The block that a layer is; None of a layer that is none."""
    if layer.file is None:
        return None
    if layer.file not in context.expansion.net_layers:
        context.expansion.net_layers[layer.file] = dict(Library(context).blocks(_read(layer.file)))
    blocks = context.expansion.net_layers[layer.file]
    block = blocks.get(layer.name)
    if isinstance(block, Block) and block.traits is not layer.traits:
        block = blocks[layer.name] = replace(block, traits=layer.traits)
    return block if isinstance(block, Block) else None


def describe(file: Path, name: str) -> Callable[..., Any]:
    """A function with the signature of a block."""
    parameters = [inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY), *_parameters(file, name)]

    def block(x: Any, **arguments: Any) -> Any:  # noqa: ARG001  # the checker expands the block in its stead
        raise Refusal(f"the block `{name}` is not in `{file}`")

    block.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what `inspect` looks for
    block.__annotations__ = {}
    return block


def _parameters(file: Path, name: str) -> list[inspect.Parameter]:
    for statement in parse(_read(file))[0].statements:
        items = [item for item in statement.items if not isinstance(item, Body)]
        if statement.name.text == "block" and items and isinstance(items[0], Name) and items[0].text == name:
            return [_parameter(item) for item in items[1:] if isinstance(item, (Name, Setting))]
    return []


def _parameter(item: Name | Setting) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    if isinstance(item, Name):
        return inspect.Parameter(item.text, kind)
    return inspect.Parameter(item.name.text, kind, default=item.value.span.text)


def _read(file: Path) -> Source:
    try:
        return Source(str(file), file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"cannot read `{file}`, which a plugin ships: {error}") from error
