"""The signatures of blocks that plugins bring as layers, read from their `.net` file when a text names one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from netdsl.core.errors import Refusal
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.language.parser import parse
from netdsl.language.statements import BLOCK
from netdsl.language.syntax import Body, Name, Setting


def describe_block(file: Path, name: str) -> Callable[..., Any]:
    """A function with the signature of a block."""
    parameters = [inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY), *_parameters(file, name)]

    def block(x: Any, **arguments: Any) -> Any:  # noqa: ARG001  # the checker expands the block in its stead
        raise Refusal(text("the block `{block}` is not in `{file}`", block=name, file=file))

    block.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what `inspect` looks for
    block.__annotations__ = {}
    return block


def read_net_file(file: Path) -> Source:
    """The text of a plugin's file."""
    try:
        return Source(str(file), file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(text("cannot read `{file}` of a plugin: {reason}", file=file, reason=error)) from error


def _parameters(file: Path, name: str) -> list[inspect.Parameter]:
    for statement in parse(read_net_file(file))[0].statements:
        items = [item for item in statement.items if not isinstance(item, Body)]
        if statement.name.text == BLOCK.name and items and isinstance(items[0], Name) and items[0].text == name:
            return [_parameter(item) for item in items[1:] if isinstance(item, (Name, Setting))]
    return []


def _parameter(item: Name | Setting) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    if isinstance(item, Name):
        return inspect.Parameter(item.text, kind)
    # Only lists show it: the checker evaluates the default of the block itself.
    return inspect.Parameter(item.name.text, kind, default=item.value.span.text)
