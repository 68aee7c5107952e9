"""`netdsl import`: an `nn.Sequential` of one's own code, in the language."""

from __future__ import annotations

import importlib
import re
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.inputs import Settings, plugins_option
from netdsl.core.errors import UnsupportedModule

if TYPE_CHECKING:
    from torch import nn

SIZE = re.compile(r"(?:[1-9]\d*|[A-Z])(?:x(?:[1-9]\d*|[A-Z]))*")


@click.command
@click.argument("target", metavar="MODULE:ATTRIBUTE")
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write to FILE instead of standard output.")
@click.option("--input", "size", metavar="SIZE", help="The shape of one sample, such as 3x32x32 or 3xHxW.")
@plugins_option
def command(
    target: str, output: str | None, size: str | None, no_plugins: bool, plugin_files: tuple[Path, ...]
) -> None:
    """Write an `nn.Sequential` in the language.

    MODULE is imported, as `python -m` would from this folder, and runs; ATTRIBUTE of it is the net, or a class or a
    function that makes it when called without arguments; dots lead to its parts.
    """
    if size is not None and not SIZE.fullmatch(size):
        raise click.UsageError(f"`--input {size}` is no size: write for example `--input 3x32x32`")
    net = _net(target)
    from netdsl.importer import from_module

    registry = Settings(plugins=not no_plugins, plugin_files=plugin_files).registry
    sizes = [int(part) if part.isdigit() else part for part in (size or "").split("x") if part]
    try:
        text = from_module(net, input=sizes, registry=registry)
    except UnsupportedModule as error:
        raise click.ClickException(f"`{target}` is not to be had in the language: {error}") from error
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise click.UsageError(f"`{output}` cannot be written: {(error.strerror or str(error)).lower()}") from error


def _net(target: str) -> nn.Module:
    """The module that the target names, made if need be."""
    name, colon, attribute = target.partition(":")
    if not (name and colon and attribute):
        raise click.UsageError(f"`{target}` does not name a net: write `MODULE:ATTRIBUTE`, for example `model:net`")
    found = _module(name)
    for part in attribute.split("."):
        found = _attribute(found, part, target)
    return _called(found, target)


def _module(name: str) -> Any:
    sys.path.insert(0, "")
    try:
        return _guarded(f"importing `{name}`", importlib.import_module, name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        inside = "" if name.startswith(missing) else f": it imports `{missing}`, which is not installed"
        raise click.UsageError(f"`{name}` cannot be imported{inside or ', there is no such module'}") from error


def _attribute(owner: Any, name: str, target: str) -> Any:
    """The attribute of a module of Python, of a net, or of what a function returns."""
    if not hasattr(owner, name) and callable(owner):
        owner = _called(owner, target)
    if hasattr(owner, name):
        return getattr(owner, name)
    near = get_close_matches(name, dir(owner), 1)
    advice = f"; did you mean `{near[0]}`?" if near else ""
    raise click.UsageError(f"`{target}`: there is no `{name}`{advice}")


def _called(found: Any, target: str) -> nn.Module:
    """The net itself, or what a class or a function makes when it is called."""
    from torch import nn

    if not isinstance(found, nn.Module) and callable(found):
        found = _guarded(f"calling `{target}`", found)
    if not isinstance(found, nn.Module):
        raise click.ClickException(f"`{target}` is of type `{type(found).__name__}`, not an `nn.Sequential`")
    return found


def _guarded(doing: str, function: Any, *arguments: Any) -> Any:
    """The function's result; what it raises is shown as the author's own mistake."""
    try:
        return function(*arguments)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # the user's code may fail in any way
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        raise click.ClickException(f"{doing} fails: {type(error).__name__}: {error} ({where})") from error
