"""`netdsl import`: a net of the user's code, or one that stands in a text, written in the language."""

from __future__ import annotations

import importlib
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdsl.cli.shared.inputs import Settings, read_text
from netdsl.cli.shared.options import output_option, plugins_option
from netdsl.cli.shared.output import write_output
from netdsl.core.errors import CallFailed, UnsupportedModule
from netdsl.core.suggestions import nearest
from netdsl.core.text import text

if TYPE_CHECKING:
    from torch import nn

SECTION = "Nets"
SIZE = re.compile(r"(?:[1-9]\d*|[A-Z])(?:x(?:[1-9]\d*|[A-Z]))*")


@click.command
@click.argument("target", metavar="[MODULE:ATTRIBUTE]", required=False)
@click.option(
    "--text", "pasted", type=click.Path(), metavar="FILE", help="Read a net out of the text of FILE; run nothing."
)
@click.option("--net", metavar="NAME", help="Which net of that text; the last one, unless given.")
@output_option
@click.option("--input", "size", metavar="SIZE", help="The shape of one sample, such as 3x32x32 or 3xHxW.")
@plugins_option
def command(
    target: str | None,
    pasted: str | None,
    net: str | None,
    output: str | None,
    size: str | None,
    no_plugins: bool,
    plugin_files: tuple[Path, ...],
) -> None:
    """Write a net of PyTorch, Keras or darknet in the language.

    MODULE is imported from this folder, as `python -m` would import it, so its code runs. ATTRIBUTE is the net in it,
    or a class or a function that makes the net when called without arguments. Dots lead to parts of a net.

    `--text FILE` reads a text that you have pasted, and runs nothing of it: an `nn.Sequential`, a class with `__init__`
    and `forward`, a Keras `Sequential`, or a darknet `.cfg`. `-` is standard input.
    """
    if size is not None and not SIZE.fullmatch(size):
        raise click.UsageError(text("`--input {size}` is not a size: write for example `--input 3x32x32`", size=size))
    sizes = [int(part) if part.isdigit() else part for part in (size or "").split("x") if part]
    settings = Settings(plugins=not no_plugins, plugin_files=plugin_files)
    if (target is None) == (pasted is None):
        raise click.UsageError("give either MODULE:ATTRIBUTE or `--text FILE`")
    if pasted is not None:
        from netdsl.importer.pasted import write_pasted

        source = read_text(pasted)
        write_output(write_pasted(source.text, source.name, settings.registry, net=net, input=sizes).encode(), output)
        return
    if net is not None:
        raise click.UsageError("`--net` chooses a net of a text: give `--text FILE`")
    assert target is not None
    # The user's code first: it imports torch in any case, and errors in it should be shown first.
    module = _net(target)
    from netdsl.importer import write_net

    try:
        program = write_net(module, settings.registry, input=sizes)
    except UnsupportedModule as error:
        raise UnsupportedModule(
            text("`{target}` cannot be written in the language: {reason}", target=target, reason=error)
        ) from error
    write_output(program.encode(), output)


def _net(target: str) -> nn.Module:
    """The module that the target names. Calls a class or a function."""
    name, colon, attribute = target.partition(":")
    if not (name and colon and attribute):
        raise click.UsageError(
            text("`{target}` does not name a net: write `MODULE:ATTRIBUTE`, for example `model:net`", target=target)
        )
    found = _import(name)
    for part in attribute.split("."):
        found = _attribute(found, part, target)
    return _make(found, target)


def _import(name: str) -> object:
    sys.path.insert(0, "")  # the current folder, as `python -m` has it
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        # The module itself or a package above it is missing, not one that it imports.
        if name.startswith(missing):
            raise click.UsageError(text("`{name}` cannot be imported: there is no such module", name=name)) from error
        raise click.UsageError(
            text(
                "`{name}` cannot be imported: it imports `{missing}`, which is not installed",
                name=name,
                missing=missing,
            )
        ) from error
    except Exception as error:  # the user's code may fail in any way
        raise CallFailed(
            text("importing `{module}` fails: {error} ({place})", module=name, error=_shown(error), place=_place(error))
        ) from error


def _attribute(owner: object, name: str, target: str) -> object:
    """The attribute of a Python module or of a net."""
    if not hasattr(owner, name) and callable(owner):
        owner = _make(owner, target)
    if hasattr(owner, name):
        attribute: object = getattr(owner, name)
        return attribute
    near = nearest(name, dir(owner))
    if near is None:
        raise click.UsageError(text("`{target}`: there is no `{name}`", target=target, name=name))
    raise click.UsageError(
        text("`{target}`: there is no `{name}`; did you mean `{near}`?", target=target, name=name, near=near)
    )


def _make(found: object, target: str) -> nn.Module:
    """The net itself, or what a class or a function makes when it is called."""
    from torch import nn

    if not isinstance(found, nn.Module) and callable(found):
        found = _call(found, target)
    if not isinstance(found, nn.Module):
        kind = type(found).__name__
        raise UnsupportedModule(
            text("`{target}` is of type `{type}`, not an `nn.Sequential`", target=target, type=kind)
        )
    return found


def _call(function: Callable[[], object], target: str) -> object:
    try:
        return function()
    except ModuleNotFoundError:
        raise
    except Exception as error:  # likewise
        raise CallFailed(
            text("calling `{target}` fails: {error} ({place})", target=target, error=_shown(error), place=_place(error))
        ) from error


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _place(error: Exception) -> str:
    """The file and the line that raise an error: `model.py:3`."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
